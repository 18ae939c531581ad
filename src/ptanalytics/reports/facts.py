"""Everything an outcome report is made of, computed once by the same analyses that users call."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.adherence import adherence_summary, cohort_adherence, weekly_adherence
from ptanalytics.charts.frames import rows_of
from ptanalytics.cohorts import patient_flow
from ptanalytics.instruments import measure as measure_of
from ptanalytics.outcomes import changes, daily_pain, responder_curve, responder_shares
from ptanalytics.privacy import is_small
from ptanalytics.reports.disclosure import Disclosure
from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.results import (
    MEASURES,
    AdherenceSummary,
    Changes,
    CohortAdherence,
    DailyPain,
    PatientFlow,
    ResponderCurve,
    ResponderShares,
    WeeklyAdherence,
)
from ptanalytics.schemas.tables import Patients
from ptanalytics.settings import Settings

if TYPE_CHECKING:
    from ptanalytics.study import Study

#: Columns of `patients` that a report compares, and how they are called.
GROUPS = {"site": "site", "condition": "condition or trial arm"}


@dataclass(frozen=True)
class OutcomeFacts:
    """Result tables of one study for one report."""

    settings: Settings
    disclosure: Disclosure
    week: int
    n_patients: int
    cutoff_date: dt.date | None
    patients: pl.DataFrame
    flow: pl.DataFrame
    has_adherence: bool
    weekly: pl.DataFrame
    summary: pl.DataFrame
    definitions: pl.DataFrame
    pain: pl.DataFrame
    changes: pl.DataFrame
    #: Shares as the analysis gives them, with who is in no denominator.
    shares: pl.DataFrame
    #: Shares and curve over the patients with room to improve, so that every rule has the same denominators.
    rule_shares: pl.DataFrame
    curve: pl.DataFrame

    @property
    def measures(self) -> list[str]:
        """Measures anybody has a baseline for, primary first."""
        known = set(self.changes.filter(pl.col("baseline").is_not_null())["measure"])
        order = [*MEASURES, *sorted(known - set(MEASURES))]
        return [name for name in order if name in known]

    def headline_rule(self, measure: str) -> str:
        """The responder rule of the settings; a scale without a percent rule uses the MIC alone."""
        return self.settings.outcomes.responder_rule if measure_of(measure).allows_percent else "absolute"

    def by_population(self, measure: str, rule: str) -> dict[str, dict[str, Any]]:
        """Rows of the responder shares of one measure and rule: ``completers`` and ``all_starters``, or empty."""
        rows = self.rule_shares.filter((pl.col("measure") == measure) & (pl.col("rule") == rule))
        return {row["population"]: row for row in rows.iter_rows(named=True)}

    def hides_completers(self, measure: str) -> bool:
        """Say whether the number of completers must stay hidden.

        The headline result of all starters is shown first. Beside it, the number of completers would tell how few have
        no follow-up, or how few completers did not respond.
        """
        shares = self.by_population(measure, self.headline_rule(measure))
        if not shares:
            return False
        completers, starters = shares["completers"], shares["all_starters"]
        apart = (starters["n"] - completers["n"], completers["n"] - completers["responders"])
        return any(is_small(n, self.disclosure.threshold) for n in apart)

    def group_shares(self, column: str) -> pl.DataFrame:
        """Responder shares per value of a column of `patients`; a missing value is a group of its own."""
        groups = self.patients.select("patient_id", group=pl.col(column).fill_null("not recorded"))
        shares: pl.DataFrame = responder_shares(self.changes, groups=groups)
        return shares


def _disclosure(study: "Study", suppress_below: int | None) -> Disclosure:
    """Return the threshold asked for; of generated data every count is shown, because nobody is to be protected."""
    if suppress_below is None and study.is_synthetic:
        return Disclosure(1, is_generated=True)
    return Disclosure(suppress_below or study.settings.privacy.suppress_below)


def outcome_facts(study: "Study", week: int | None, suppress_below: int | None) -> OutcomeFacts:
    """Run the analyses an outcome report needs; a part whose tables the study does not hold stays empty."""
    settings = study.settings
    week = week or settings.outcomes.primary_week
    patients = _table(study, "patients", Patients)
    has_adherence = study.has_table("plans") and study.has_table("sessions")
    summary = rows_of(adherence_summary(study), AdherenceSummary) if has_adherence else empty_frame(AdherenceSummary)
    change = rows_of(changes(study, target_weeks=[week]), Changes)
    with_room = change.filter(~_has_no_room(change))
    return OutcomeFacts(
        settings=settings,
        disclosure=_disclosure(study, suppress_below),
        week=week,
        n_patients=len(study.patient_ids()),
        cutoff_date=study.cutoff_date,
        patients=patients,
        flow=rows_of(patient_flow(study, week=week), PatientFlow),
        has_adherence=has_adherence,
        weekly=rows_of(weekly_adherence(study), WeeklyAdherence) if has_adherence else empty_frame(WeeklyAdherence),
        summary=summary,
        definitions=cohort_adherence(summary) if has_adherence else empty_frame(CohortAdherence),
        pain=rows_of(daily_pain(study), DailyPain) if study.has_table("pain_scores") else empty_frame(DailyPain),
        changes=change,
        shares=rows_of(responder_shares(change), ResponderShares),
        rule_shares=rows_of(responder_shares(with_room), ResponderShares),
        curve=rows_of(responder_curve(with_room), ResponderCurve),
    )


def _has_no_room(change: pl.DataFrame) -> pl.Expr:
    """Whose baseline is closer to the best value than the MIC, with a follow-up or without."""
    room = pl.lit(None, dtype=pl.Float64)
    for name in change["measure"].unique():
        known = measure_of(name)
        is_low = known.direction == "lower_better"
        own = pl.col("baseline") - known.minimum if is_low else known.maximum - pl.col("baseline")
        room = pl.when(pl.col("measure") == name).then(own).otherwise(room)
    return (room < pl.col("mic") - 1e-9).fill_null(value=False)


def _table(study: "Study", name: str, model: Any) -> pl.DataFrame:
    return study.lazy(name).collect() if study.has_table(name) else empty_frame(model)
