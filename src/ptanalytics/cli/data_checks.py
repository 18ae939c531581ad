"""What data checks found, in words and counts; never a cell of a file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ptanalytics.quality import DataCheck


def checks_in_words(check: "DataCheck") -> Iterator[str]:
    """Say how many rules passed, found something or could not be judged, and what each of the found ones is about.

    Rules of single cells are left out: what they set aside is said with the rows set aside.
    """
    rules = check.rules[~check.rules["rule_id"].str.contains(".", regex=False)]
    counts = rules["status"].value_counts()
    yield (
        f"Data checks of whole tables: {counts.get('passed', 0)} found nothing, {counts.get('found', 0)} found something, "
        f"{counts.get('not_applicable', 0)} had nothing to look at (not a pass)"
    )
    problems = check.problems
    for row in problems[problems["rule_id"].isin(rules["rule_id"])].itertuples():
        yield f"  {row.severity} {row.rule_id}: {row.n_found:,} of {row.n_checked:,} {row.counts}: {row.sentence}"
