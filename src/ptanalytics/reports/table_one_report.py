"""Table 1 as a document of its own."""

from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.charts.wording import number_text
from ptanalytics.cohorts import table_one
from ptanalytics.errors import InvalidTableError
from ptanalytics.reports.content import Block, Paragraph, Report, Table
from ptanalytics.reports.disclosure import Disclosure
from ptanalytics.reports.provenance import provenance

if TYPE_CHECKING:
    from ptanalytics.study import Study

_NOTE = (
    "Numbers: mean (SD), or median (Q1-Q3) where the values are skewed. Categories: count/recorded (%). "
    "The groups are not tested against each other."
)


def table_one_report(study: "Study", by: Any = None, *, suppress_below: int | None = None) -> Report:
    """Write Table 1 as a document that may leave the building.

    Args:
        study: The study.
        by: See `table_one`.
        suppress_below: Smallest count of persons shown; default ``privacy.suppress_below``, and 1 for generated data.

    Returns:
        A report; ``report.save("x.html")``, ``".docx"`` or ``".pdf"``.

    Raises:
        InvalidTableError: See `table_one`.

    Example:
        >>> table_one_report(study, by="site").save("table-one.docx")  # doctest: +SKIP
    """
    if suppress_below is not None and suppress_below < 1:
        raise InvalidTableError("table_one_report needs a suppress_below of at least 1.")
    is_generated = suppress_below is None and study.is_synthetic
    threshold = 1 if is_generated else suppress_below or study.settings.privacy.suppress_below
    disclosure = Disclosure(threshold, is_generated=is_generated)
    rows = pl.from_pandas(table_one(study, by, suppress_below=threshold))
    blocks: list[Block] = [_as_table(rows)]
    place = 0 if disclosure.is_for_inside else 1
    blocks.insert(place, Paragraph(disclosure.sentence(), "alert" if disclosure.is_for_inside else "note"))
    n = disclosure.single(len(study.patient_ids()))
    return Report(
        title=f"Table 1: {study.name}",
        subtitle=f"{n} patients at the start of their plan.",
        blocks=tuple(blocks),
        provenance=provenance(study, (("Patients", n), ("Window", "start of the plan"))),
        is_synthetic=study.is_synthetic,
    )


def _as_table(rows: pl.DataFrame) -> Table:
    groups = rows["group"].unique(maintain_order=True).to_list()
    has_difference = len(groups) > 2
    lines, before = [], None
    for (_, variable, level, statistic), part in rows.group_by(
        "row", "variable", "level", "statistic", maintain_order=True
    ):
        cells = dict(part.select("group", "cell").iter_rows())
        name = str(variable) if variable != before else ""
        before = variable
        smd = part["smd"].drop_nulls()
        mark = " *" if part["is_unbalanced"].fill_null(value=False).any() else ""
        difference = [f"{number_text(smd.item(0), 2)}{mark}" if name and not smd.is_empty() else ""]
        line = [name, str(level or ""), str(statistic), *(cells.get(group, "–") for group in groups)]
        lines.append(tuple(line + (difference if has_difference else [])))
    extra = ("Standardised difference",) if has_difference else ()
    note = _NOTE + (" Standardised difference: the largest between two groups; * above 0.1." if has_difference else "")
    return Table(
        "Who the patients are", ("", "Category", "Statistic", *groups, *extra), tuple(lines), note, text_columns=(0, 1, 2)
    )
