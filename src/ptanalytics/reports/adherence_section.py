"""Adherence of the cohort: every definition with its denominators, bands, weeks."""

import polars as pl

from ptanalytics.charts import plot_weekly_adherence
from ptanalytics.charts.wording import number_text, reason_text
from ptanalytics.reports.content import Block, Figure, Heading, Paragraph, Table
from ptanalytics.reports.disclosure import NOT_SHOWN
from ptanalytics.reports.facts import OutcomeFacts
from ptanalytics.schemas.results import ADHERENCE_BANDS

DEFINITION_WORDS = {
    "uncapped": "all counted / prescribed",
    "weekly_capped": "capped per week",
    "window_capped": "capped over the window",
    "mean_of_weeks": "mean of weekly shares",
    "weeks_adherent": "weeks at or above the cut",
}
_BAND_WORDS = {"adherent": "adherent", "partial": "partly adherent", "low": "low"}


def adherence_section(facts: OutcomeFacts) -> list[Block]:
    """Return the part about adherence."""
    if not facts.has_adherence:
        return [
            Heading("Adherence"),
            Paragraph("Adherence is not reported: the study holds no plans or no sessions, so nothing can be compared."),
        ]
    return [
        Heading("Adherence"),
        _definitions(facts),
        _bands(facts),
        Figure(
            plot_weekly_adherence(facts.weekly, settings=facts.settings, min_patients=facts.disclosure.threshold),
            "Weekly adherence over patients.",
        ),
    ]


def _definitions(facts: OutcomeFacts) -> Table:
    rows = []
    for row in facts.definitions.iter_rows(named=True):
        counts = (row["n"], row["n_without"])
        shown = facts.disclosure.row(counts)
        name = DEFINITION_WORDS[row["definition"]] + (" (headline)" if row["is_headline"] else "")
        cells = [name, *(facts.disclosure.words(n, s) for n, s in zip(counts, shown, strict=True))]
        if facts.disclosure.is_enough(row["n"]):
            digits = 0 if row["unit"] == "weeks" and row["definition"] == "weeks_adherent" else 1
            spread = f"{number_text(row['lower_quartile_pct'], 0)} to {number_text(row['upper_quartile_pct'], 0)} %"
            sums = f"{number_text(row['numerator'], digits)} / {number_text(row['denominator'], digits)} {row['unit']}"
            cells += [f"{number_text(row['median_pct'], 0)} %", spread, sums, f"{number_text(row['pooled_pct'], 1)} %"]
        else:
            cells += [NOT_SHOWN] * 4
        rows.append(tuple(cells))
    return Table(
        "Adherence by definition, over patients",
        ("Definition", "Patients", "Without a value", "Median", "Quartiles", "Numerator / denominator", "Pooled"),
        tuple(rows),
        note="Median and quartiles weigh every patient alike; the pooled share weighs by what was prescribed. Patients "
        "without a value had nothing prescribed, which is not the same as having done nothing.",
    )


def _bands(facts: OutcomeFacts) -> Table:
    cuts = facts.settings.adherence
    limits = {
        "adherent": f"{number_text(100 * cuts.adherent_cut, 0)} % or more",
        "partial": f"{number_text(100 * cuts.low_cut, 0)} to under {number_text(100 * cuts.adherent_cut, 0)} %",
        "low": f"under {number_text(100 * cuts.low_cut, 0)} %",
    }
    counts = {band: int((facts.summary["band"] == band).sum()) for band in ADHERENCE_BANDS}
    reasons = facts.summary.filter(pl.col("band").is_null()).group_by("reason").len().sort("reason").rows()
    names = [(f"{_BAND_WORDS[band]}, {limits[band]}", counts[band]) for band in ADHERENCE_BANDS]
    names += [(f"no value: {reason_text(reason)}", n) for reason, n in reasons]
    shown = facts.disclosure.row([n for _, n in names])
    total = sum(n for _, n in names)
    rows = []
    for (name, n), visible in zip(names, shown, strict=True):
        share = f"{number_text(100 * n / total, 0)} %" if visible is not None and total >= 10 else "–"
        rows.append((name, facts.disclosure.words(n, visible), share))
    return Table(
        f"Patients by adherence band (headline definition, n = {facts.disclosure.single(total)})",
        ("Band", "Patients", "Share"),
        tuple(rows),
        note="No cut is validated against outcome in low back pain; read the continuous values beside the bands.",
    )
