"""Change from baseline over the patients who have both values."""

import math

import polars as pl
from scipy import stats

from ptanalytics.charts.measures import better_words
from ptanalytics.charts.wording import number_text, short_number
from ptanalytics.instruments import measure as measure_of
from ptanalytics.reports.content import Block, Heading, Paragraph, Table
from ptanalytics.reports.disclosure import NOT_SHOWN
from ptanalytics.reports.facts import OutcomeFacts

UNCONTROLLED = (
    "Change without a comparison group includes the natural course of back pain and regression to the mean: people come "
    "when pain is high, so some improvement is expected without any effect."
)


def change_section(facts: OutcomeFacts) -> list[Block]:
    """Return means of baseline, follow-up and improvement per measure, with the caveat that belongs to them."""
    heading = Heading(f"Change from baseline to week {facts.week}")
    if not facts.measures:
        return [heading, Paragraph("No patient has a baseline, so no change can be reported.")]
    return [heading, _changes(facts), Paragraph(UNCONTROLLED, "caveat")]


def _changes(facts: OutcomeFacts) -> Table:
    return Table(
        f"Change over patients with baseline and follow-up (week {facts.week})",
        (
            "Measure",
            "n",
            "Baseline, mean (SD)",
            "Follow-up, mean (SD)",
            "Improvement, mean (95 % interval)",
            "Worse by MIC",
        ),
        tuple(_change_row(facts, name) for name in facts.measures),
        note="Improvement is counted in the direction of better; negative means worse. The interval of the mean is a "
        "t interval. n is not shown where it would give away how few have no follow-up.",
    )


def _change_row(facts: OutcomeFacts, name: str) -> tuple[str, ...]:
    known = measure_of(name)
    found = facts.changes.filter((pl.col("measure") == name) & pl.col("improvement").is_not_null())
    label = f"{known.label} ({short_number(known.minimum)}–{short_number(known.maximum)}, {better_words(name)})"
    if not facts.disclosure.is_enough(len(found)):
        return (label, facts.disclosure.single(len(found)), *[NOT_SHOWN] * 4)
    n = NOT_SHOWN if facts.hides_completers(name) else str(len(found))
    baseline, followup = (
        f"{number_text(_mean(found[column]))} ({number_text(_deviation(found[column]))})"
        for column in ("baseline", "followup")
    )
    return label, n, baseline, followup, _mean_with_interval(found["improvement"]), _worse(facts, found["is_deteriorated"])


def _mean_with_interval(values: pl.Series) -> str:
    mean, deviation, n = _mean(values), _deviation(values), len(values)
    if mean is None or deviation is None or n < 2:
        return number_text(mean)
    half = float(stats.t.ppf(0.975, n - 1)) * deviation / math.sqrt(n)
    return f"{number_text(mean)} ({number_text(mean - half)} to {number_text(mean + half)})"


def _mean(values: pl.Series) -> float | None:
    mean = values.mean()
    return mean if isinstance(mean, float) else None


def _deviation(values: pl.Series) -> float | None:
    deviation = values.std()
    return deviation if isinstance(deviation, float) else None


def _worse(facts: OutcomeFacts, is_worse: pl.Series) -> str:
    known = is_worse.drop_nulls()
    if known.is_empty():
        return "no MIC"
    worse = int(known.sum())
    return facts.disclosure.words(worse, facts.disclosure.row([worse, len(known) - worse])[0])
