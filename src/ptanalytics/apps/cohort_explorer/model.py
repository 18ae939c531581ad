"""What the Cohort explorer knows: the filter, whom it keeps, what is said about it, and its figures. No widgets."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl
import traitlets as tl

from ptanalytics.apps.cohort_explorer.code import as_code
from ptanalytics.apps.cohort_explorer.people import listed, people_of, unresolved_flags
from ptanalytics.apps.model import AppModel
from ptanalytics.apps.results import Drawings, StudyResults, marked, only
from ptanalytics.charts import plot_cohort_change, plot_responder_curve, plot_weekly_adherence
from ptanalytics.charts.adherence_distribution import plot_adherence_distribution
from ptanalytics.charts.wording import count_text, reason_text
from ptanalytics.charts.wording import listed as in_words
from ptanalytics.cohorts import (
    CHOICES,
    RANGES,
    RESPONSES,
    CohortFilter,
    choice_words,
    filter_cohort,
    left_out_unknown,
    words_of,
)
from ptanalytics.instruments import measure as measure_of
from ptanalytics.outcomes import responder_curve, responder_shares
from ptanalytics.schemas.results import MEASURES

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.study import Study


@dataclass(frozen=True)
class CohortView:
    """What is looked at: who is kept, and on which measure. Undo covers both."""

    filters: CohortFilter
    measure: str = ""


class CohortModel(AppModel):
    """Which patients are looked at, and every table, count and figure that follows from it.

    Args:
        study: The study.
        results: Result tables already computed, to share them with another app.
    """

    #: Patient whose review is asked for.
    patient_id = tl.Unicode(None, allow_none=True)

    def __init__(self, study: "Study", results: StudyResults | None = None) -> None:
        self.study = study
        self.results = results or StudyResults(study)
        self._people: dict[str, pl.DataFrame] = {}
        self._kept: tuple[CohortView, pl.DataFrame] | None = None
        super().__init__(CohortView(CohortFilter(), self.measures[0] if self.measures else ""))
        self._say_blockers()

    @property
    def asked(self) -> CohortFilter:
        """The filter in use."""
        asked: CohortFilter = self.state.filters
        return asked

    @property
    def measure(self) -> str:
        """The measure looked at; empty where the study has none."""
        measure: str = self.state.measure
        return measure

    @cached_property
    def measures(self) -> list[str]:
        """Measures the study has a baseline of, pain first."""
        rows = self.results.changes.filter(pl.col("baseline").is_not_null())
        present = set(rows["measure"])
        return [one for one in MEASURES if one in present] + sorted(present - set(MEASURES))

    @cached_property
    def week(self) -> int:
        """Follow-up week looked at: the primary one of the settings, else the last there is."""
        weeks = set(self.results.changes["target_week"])
        primary = self.study.settings.outcomes.primary_week
        return primary if primary in weeks or not weeks else max(weeks)

    @cached_property
    def flagged(self) -> set[str]:
        """Patients with an unresolved recorded flag."""
        return unresolved_flags(self.results)

    @property
    def people(self) -> pl.DataFrame:
        """One row per patient of the study, with the change on the measure looked at."""
        if self.measure not in self._people:
            self._people[self.measure] = people_of(self.results, self.measure, self.week)
        return self._people[self.measure]

    @property
    def kept(self) -> pl.DataFrame:
        """The rows of `people` that the filter keeps."""
        if self._kept is None or self._kept[0] != self.state:
            self._kept = (self.state, filter_cohort(self.people, self.asked))
        return self._kept[1]

    @property
    def patient_ids(self) -> list[str]:
        """Ids of the patients the filter keeps."""
        return self.kept["patient_id"].to_list()

    def options(self, name: str) -> list[dict[str, Any]]:
        """Return what can be chosen for one filter, with how many patients of the study have it.

        No recorded value is the empty text, since a tick box holds text.
        """
        counts = dict(self.people[CHOICES[name]].value_counts().iter_rows())
        order = [one for one in RESPONSES if one in counts] if name == "responses" else sorted(counts.keys() - {None})
        order += [None] if None in counts else []
        return [{"value": one or "", "label": choice_words(name, one), "n": counts[one]} for one in order]

    def age_range(self) -> tuple[float, float] | None:
        """Return the youngest and oldest age of the study, or nothing where no age is known."""
        known = self.people["age_years"].drop_nulls()
        return None if known.is_empty() else (float(known.min()), float(known.max()))  # type: ignore[arg-type]

    def remove(self, key: str) -> None:
        """Take one part of the filter away."""
        words = dict(self.asked.parts()).get(key, "filter")
        self.change(f"removal of {words}", filters=self.asked.without(key))

    def clear(self) -> None:
        """Take all filters away."""
        self.change("clearing of all filters", filters=CohortFilter())

    def restrict(self, name: str, value: Any) -> None:
        """Set one filter, e.g. ``restrict("sites", ["north"])`` or ``restrict("age", (30, None))``."""
        if name in RANGES:
            values = dict(zip((f"{name}_min", f"{name}_max"), value, strict=True))
        else:
            values = {name: tuple(one or None for one in value)}
        self.change(f"{words_of(name)} filter", filters=self.asked.with_changes(**values))

    def look_at(self, measure: str) -> None:
        """Look at another measure."""
        self.change("measure", measure=measure)

    @tl.observe("state")
    def _say_blockers(self, _change: Any = None) -> None:
        if not self.results.patient_ids:
            self.blockers = ["The study holds no patient yet. Import an export first: study.import_exports(...)."]
        elif not self.kept.height:
            self.blockers = ["No patient meets all filters. Remove one, or press 'Clear all'."]
        else:
            self.blockers = []

    def counts(self) -> str:
        """Say how many patients are looked at and who is left out of what, and why."""
        kept = self.kept
        sentences = [f"{kept.height} of {count_text(self.people.height, 'patient')}."]
        for name, n in left_out_unknown(self.people, self.asked).items():
            sentences.append(f"The {words_of(name)} filter leaves out {n} without a recorded {words_of(name)}.")
        unjudged = kept.filter(pl.col("improvement").is_null()) if self.measure else kept.clear()
        if unjudged.height:
            reasons = unjudged.group_by(pl.col("reason").fill_null("no_start")).len().sort("len", descending=True)
            listing = in_words(f"{n} {reason_text(reason)}" for reason, n in reasons.rows())
            sentences.append(f"{unjudged.height} not in the change chart: {listing}.")
        return " ".join(sentences)

    def small_group_note(self) -> str:
        """Say that the group is too small to be passed on, or nothing."""
        least = self.study.settings.privacy.suppress_below
        n = self.kept.height
        if not 0 < n < least:
            return ""
        return (
            f"Fewer than {least} patients: single persons can be recognised. Look at it here, but do not pass these "
            "figures on; reports leave such counts out."
        )

    def table(self) -> "pd.DataFrame":
        """Return the patient list as it is shown."""
        return listed(self.kept, self.flagged).to_pandas()

    def figures(self) -> Drawings:
        """Return how to draw each chart, in the order they stand on the page."""
        ids, settings, measure = self.patient_ids, self.study.settings, self.measure
        change = only(self.results.changes, ids).filter(
            (pl.col("measure") == measure) & (pl.col("target_week") == self.week)
        )
        drawings: Drawings = {
            "adherence": lambda: plot_adherence_distribution(only(self.results.summary, ids), settings=settings),
            "weekly": lambda: plot_weekly_adherence(only(self.results.weekly, ids), settings=settings),
            "change": lambda: plot_cohort_change(change, measure=measure or None),
            "responders": lambda: plot_responder_curve(
                responder_curve(change), shares=responder_shares(change), measure=measure or None, settings=settings
            ),
        }
        return marked(drawings, self.study)

    def code(self) -> str:
        """Return Python that gives the same patients and charts."""
        return as_code(self.asked, measure=self.measure, study_path=self.study.path, week=self.week)

    def measure_label(self, measure: str) -> str:
        """Return a measure's name with the direction of better."""
        known = measure_of(measure)
        return f"{known.label} ({'lower' if known.direction == 'lower_better' else 'higher'} is better)"
