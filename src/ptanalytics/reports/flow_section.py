"""Who is in the report and who is not: the flow of patients."""

import polars as pl

from ptanalytics.charts import plot_patient_flow
from ptanalytics.reports.content import Block, Figure, Heading, Table
from ptanalytics.reports.facts import OutcomeFacts


def flow_section(facts: OutcomeFacts) -> list[Block]:
    """Return the flow as picture and table; steps that differ by few patients are hidden."""
    visible = visible_flow(facts)
    rows = tuple(
        (
            str(row["label"]),
            facts.disclosure.words(row["all_n"], row["n"]),
            facts.disclosure.words(row["all_excluded"], row["excluded"]),
            row["reason"] or "–",
        )
        for row in visible.iter_rows(named=True)
    )
    limit = facts.disclosure.threshold
    note = f"Steps not shown would tell of fewer than {limit} patients." if visible["n"].null_count() else ""
    return [
        Heading("Flow of patients"),
        Figure(plot_patient_flow(visible, hidden_words="not shown"), "Patients from export to analysis."),
        Table("Flow of patients", ("Step", "Patients", "Fell out here", "Why"), rows, note=note, text_columns=(0, 3)),
    ]


def visible_flow(facts: OutcomeFacts) -> pl.DataFrame:
    """Return the flow with missing counts where they would give away few patients.

    First comes the export, then the patients the main result is about, then the others in order, so that what is hidden
    is in between. A number of patients who fell out is shown only between two steps that are.
    """
    rows = facts.flow.rows(named=True)
    names = [str(row["step"]) for row in rows]
    # The last but one step is the denominator of all starters, the last that of completers.
    order = dict.fromkeys([names[0], *names[-2:], *names])
    if facts.measures and facts.hides_completers(facts.measures[0]):
        del order[names[-1]]
    shown = facts.disclosure.nested({name: rows[int(name) - 1]["n"] for name in order}) | dict.fromkeys(
        set(names) - set(order)
    )
    visible = []
    for i, row in enumerate(rows):
        n = shown[str(row["step"])]
        before = shown[names[i - 1]] if i else n
        is_known = n is not None and before is not None
        visible.append(
            {
                **row,
                "n": n,
                "excluded": row["excluded"] if is_known else None,
                "all_n": row["n"],
                "all_excluded": row["excluded"],
            }
        )
    schema = pl.Schema({**facts.flow.schema, "all_n": pl.Int32(), "all_excluded": pl.Int32()})
    return pl.DataFrame(visible, schema=schema)
