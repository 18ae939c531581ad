"""Methods text: definitions, settings and their sources, and the caveats printed in every report."""

from collections.abc import Iterable

import polars as pl

from ptanalytics.charts.wording import count_text, listed, number_text, short_number
from ptanalytics.instruments import Instrument, mdc95_of, mic_for
from ptanalytics.instruments import measure as measure_of
from ptanalytics.outcomes import tolerance_days
from ptanalytics.reports.content import Block, Bullets, Heading, Paragraph, Table
from ptanalytics.reports.facts import OutcomeFacts
from ptanalytics.settings import Settings

ASSOCIATION = (
    "This describes an association in self-selected logs; it does not show that doing more exercises caused the change."
)
CAVEATS = (
    "Regression to the mean: people enter care at a peak of pain; part of any improvement is expected without an effect.",
    ASSOCIATION,
    "Reverse order is possible: people who feel better may stop logging or exercising, and so may people in a flare.",
    "Self-reported logs tend to overestimate what was done; a session nobody logged looks like one not done.",
    "Scales have floors and ceilings; patients without room to improve are reported apart and are in no denominator.",
    "MIC and MDC95 are thresholds for persons; they do not judge a difference between groups.",
    "Results by group are exploratory unless they were planned; several outcomes are shown and the first one is primary.",
)
_PRORATE = {
    "fractional": "prescribed sessions accrue per eligible day and may be fractions",
    "none": "a week with an eligible day counts in full",
    "round_half_up": "prescribed sessions accrue per eligible day and are rounded per week",
}
_MAKEUP = {
    "week": "any day of the week can serve any session prescribed for it",
    "exact": "only the scheduled day counts",
    "window": "a scheduled day takes the nearest unused session within the tolerance",
}


def methods_section(facts: OutcomeFacts) -> list[Block]:
    """Return definitions and settings in force, as the reporting checklist asks for them, and the fixed caveats."""
    about_adherence: list[Block] = []
    if facts.has_adherence:
        about_adherence = [Heading("Adherence", 3), Bullets(tuple(_adherence(facts)))]
    return [
        Heading("Methods"),
        *about_adherence,
        Heading("Outcomes", 3),
        Bullets(tuple(_outcomes(facts))),
        *([_measures(facts.measures, facts.settings)] if facts.measures else []),
        Heading("Small counts", 3),
        Paragraph(facts.disclosure.sentence()),
        Heading("Reading these numbers", 3),
        Bullets(CAVEATS),
    ]


def _adherence(facts: OutcomeFacts) -> Iterable[str]:
    rules, time = facts.settings.adherence, facts.settings.time
    anchor = "plan weeks (7 days from the plan's first day)" if time.week_anchor == "plan" else "ISO calendar weeks"
    yield (
        "Adherence: \"the extent to which a person's behavior corresponds with agreed recommendations from a health-care "
        f'provider" (WHO 2003). Headline: {rules.headline}; rules version {facts.settings.rules_version}.'
    )
    yield (
        f"Weeks are {anchor}. Prescription: sessions, from the plan version in force each day; {_PRORATE[rules.prorate]}. "
        f"{_MAKEUP[rules.makeup].capitalize()}."
    )
    yield (
        f"A session counts from {number_text(100 * rules.session_min_fraction, 0)} % completion, on the local day "
        f"it started, up to {_per_day(rules.max_sessions_per_day)}. "
        "Sessions on days without prescription count nowhere and are reported."
    )
    excused = [kind.replace("_", " ") for kind, is_excused in rules.excused.items() if is_excused]
    yield (
        f"Excused days accrue no prescription: {listed(excused)}, unless an export says otherwise. A week with fewer than "
        f"{rules.min_eligible_days_week} eligible days is partial: in the totals, but not called adherent or not."
    )
    yield (
        "Formulas, S counted and P prescribed per week: uncapped ΣS/ΣP; capped per week Σmin(S,P)/ΣP; capped "
        "over the window "
        "min(ΣS,ΣP)/ΣP; mean of weeks mean(min(1,S/P)); weeks adherent: share of non-partial weeks with S/P at "
        "or above the "
        f"cut of {number_text(100 * rules.adherent_cut, 0)} % (Bailey 2020, doi:10.1136/bjsports-2019-100982; no cut is "
        "validated against outcome in low back pain)."
    )
    yield "A day without an entry counts as not done. " + _started(facts)
    yield "Source of the sessions: logs kept by the patients (self-report), unless the export says otherwise."


def _per_day(most: int | str) -> str:
    return "the sessions prescribed for a day" if most == "plan" else count_text(int(most), "session") + " a day"


def _started(facts: OutcomeFacts) -> str:
    prescribed = facts.summary.filter(pl.col("prescribed") > 0)
    started = int((prescribed["counted"] > 0).sum())
    shown = facts.disclosure.row([started, len(prescribed) - started])
    if None in shown:
        return (
            f"Initiation (at least one counted session): not shown, fewer than {facts.disclosure.threshold} did not start."
        )
    return f"Initiation: {started}/{len(prescribed)} patients with a prescription have at least one counted session."


def _outcomes(facts: OutcomeFacts) -> Iterable[str]:
    rules = facts.settings.outcomes
    yield (
        f"Daily pain: ratings of recall {rules.recall.replace('_', ' ')} at the "
        f"{rules.pain_site.replace('_', ' ')}; several a "
        f"day are reduced to their {rules.daily_agg}; recalls are never mixed."
    )
    yield (
        f"Baseline of daily pain: mean of the {rules.baseline_days} days before the plan starts (at least "
        f"{rules.baseline_min_readings} with a value), with named fallbacks. Baseline of a questionnaire: latest "
        "valid score "
        f"from day {rules.questionnaire_baseline_from_day} to day {rules.questionnaire_baseline_to_day}."
    )
    yield (
        f"Follow-up at week {facts.week}: day {7 * facts.week}; for questionnaires the nearest valid score within "
        f"{tolerance_days(facts.week, rules)} days, for daily pain the mean of the {rules.followup_mean_days} "
        "days up to it "
        f"(at least {rules.followup_min_readings} with a value)."
    )
    yield (
        f"Responder: improvement of at least the MIC (absolute), of at least {number_text(rules.responder_pct, 0)} % of "
        f"baseline (percent), or both; headline: {rules.responder_rule}. Intervals of shares: Wilson 95 %."
    )
    yield "A missing value is never filled in and never counted as zero; who is left out is counted by reason."


def _measures(names: Iterable[str], settings: Settings) -> Table:
    return Table(
        "Measures and thresholds",
        ("Measure", "Recall", "MIC", "Source of the MIC", "MDC95"),
        tuple(_measure_row(measure_of(name), settings) for name in names),
        note="MIC: smallest change that matters to a patient, in points. MDC95: smallest change of one person beyond "
        "measurement error with 95 % confidence; where the MIC is smaller, a responder may still be within that error.",
        text_columns=(0, 1, 3),
    )


def _measure_row(known: Instrument, settings: Settings) -> tuple[str, ...]:
    mic = mic_for(known.id, settings)
    mdc = mdc95_of(known.id)
    smaller = mic.value is not None and mdc is not None and mic.value < mdc
    words = "not published" if mdc is None else number_text(mdc, 2) + (" (above the MIC)" if smaller else "")
    name = known.label if known.version in known.label else f"{known.label}; {known.version}"
    return name, known.recall, short_number(mic.value), mic.source or "none", words
