"""Outcome report of a study: what a clinic or a trial may show outside."""

from typing import TYPE_CHECKING

from ptanalytics.charts import mark_synthetic
from ptanalytics.charts.wording import day_text, number_text
from ptanalytics.errors import InvalidTableError
from ptanalytics.instruments import measure as measure_of
from ptanalytics.reports.adherence_section import DEFINITION_WORDS, adherence_section
from ptanalytics.reports.change_section import change_section
from ptanalytics.reports.content import Block, Figure, KeyNumbers, Paragraph, Report
from ptanalytics.reports.facts import OutcomeFacts, outcome_facts
from ptanalytics.reports.flow_section import flow_section, visible_flow
from ptanalytics.reports.group_section import group_section
from ptanalytics.reports.methods import methods_section
from ptanalytics.reports.provenance import provenance
from ptanalytics.reports.quality_section import quality_section
from ptanalytics.reports.responder_section import responder_section, share_cells

if TYPE_CHECKING:
    from ptanalytics.study import Study


def outcome_report(
    study: "Study", *, week: int | None = None, title: str | None = None, suppress_below: int | None = None
) -> Report:
    """Write the outcomes of a study's patients as a report that may leave the building.

    Flow of patients, adherence by every definition with numerators and denominators, change and responders for completers
    and for all starters, groups, data quality, methods and provenance. Every number is one of the public analyses'. Counts
    of few persons are not shown (``privacy.suppress_below``); no patient id is in the report.

    Args:
        study: The study.
        week: Follow-up week; default ``outcomes.primary_week``.
        title: First line; default the study's name.
        suppress_below: Smallest count of persons shown; default ``privacy.suppress_below``, and 1 for generated data. 1
            shows every count and is for use inside the site only; the report then says so first.

    Returns:
        A report; ``report.save("x.html")``, ``".docx"`` or ``".pdf"``.

    Raises:
        InvalidTableError: The week or the threshold is below 1.

    Example:
        >>> outcome_report(study).save("outcomes.html")  # doctest: +SKIP
    """
    if any(value is not None and value < 1 for value in (week, suppress_below)):
        message = "outcome_report needs a week and a suppress_below of at least 1."
        raise InvalidTableError(message)
    facts = outcome_facts(study, week, suppress_below)
    n = facts.disclosure.single(facts.n_patients)
    is_whole_small = not facts.disclosure.is_enough(facts.n_patients)
    body = _too_small(facts) if is_whole_small else _sections(study, facts)
    if facts.disclosure.is_for_inside:
        body = [Paragraph(facts.disclosure.sentence(), "alert"), *body]
    blocks = [_marked(block) if study.is_synthetic else block for block in body]
    window = f"week {facts.week}" + (f", data up to {day_text(facts.cutoff_date)}" if facts.cutoff_date else "")
    return Report(
        title=title or f"Outcome report: {study.name}",
        subtitle=f"{n} patients; outcomes at {window}. For clinician review.",
        blocks=tuple(blocks),
        provenance=provenance(study, (("Patients", n), ("Window", f"plan start to {window}"))),
        is_synthetic=study.is_synthetic,
    )


def _sections(study: "Study", facts: OutcomeFacts) -> list[Block]:
    return [
        _key_numbers(facts),
        *flow_section(facts),
        *adherence_section(facts),
        *change_section(facts),
        *responder_section(facts),
        *group_section(facts),
        *quality_section(study, facts),
        *methods_section(facts),
    ]


def _too_small(facts: OutcomeFacts) -> list[Block]:
    limit = facts.disclosure.threshold
    found = "no patients" if not facts.n_patients else f"fewer than {limit} patients"
    sentence = f"This study holds {found}, so nothing about them can be shown in a report that may leave the building."
    inside = " For use inside the site only, outcome_report(study, suppress_below=1) shows every count."
    return [Paragraph(sentence + (inside if facts.n_patients else ""), "alert"), *methods_section(facts)]


def _key_numbers(facts: OutcomeFacts) -> KeyNumbers:
    flow = visible_flow(facts)
    last = flow.row(-1, named=True)
    items = [("Patients", facts.disclosure.single(facts.n_patients), "in the export")]
    items.append(
        (f"Analysed at week {facts.week}", facts.disclosure.words(last["all_n"], last["n"]), "with a follow-up value")
    )
    if facts.has_adherence:
        row = facts.definitions.filter(is_headline=True).row(0, named=True)
        value = f"{number_text(row['median_pct'], 0)} %" if facts.disclosure.is_enough(row["n"]) else "not shown"
        items.append(("Adherence, median", value, DEFINITION_WORDS[row["definition"]]))
    if facts.measures:
        name = facts.measures[0]
        rule = facts.headline_rule(name)
        words = share_cells(facts, name, rule)[1] if facts.by_population(name, rule) else "–"
        value, _, interval = words.partition("; ")
        basis = f"{measure_of(name).short_label}, all starters, rule: {rule}" + (f"; 95 % {interval}" if interval else "")
        items.append(("Responders", value, basis))
    return KeyNumbers(tuple(items))


def _marked(block: Block) -> Block:
    return Figure(mark_synthetic(block.figure), block.caption) if isinstance(block, Figure) else block
