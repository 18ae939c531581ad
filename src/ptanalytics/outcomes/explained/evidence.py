"""The tables one patient's numbers are made from: read once, when they are needed, and nobody else's rows."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import polars as pl

from ptanalytics.analysis import Analysis, TableSource, columns_read
from ptanalytics.dates import latest_day
from ptanalytics.errors import MissingTableError
from ptanalytics.outcomes.baseline import baselines_of
from ptanalytics.outcomes.daily import chosen_readings
from ptanalytics.outcomes.observed import Observed, observe
from ptanalytics.outcomes.scoring import score_questionnaires
from ptanalytics.schemas.frames import as_lazy, conform, empty_frame, is_frame, refuse_broken_rows
from ptanalytics.schemas.tables import TABLES
from ptanalytics.settings import Settings, default_settings

#: Analyses that take the last day of everybody's data where no cutoff is given.
_NEEDS_LAST_DAY = ("changes", "reliable_change")


class Evidence:
    """One patient's rows of every table, and the analyses run on them alone.

    Args:
        source: A study, or None: then the tables are among the options.
        patient_id: The person.
        options: Tables by name, and options of the analyses.
    """

    def __init__(self, source: TableSource | None, patient_id: str, options: Mapping[str, Any]) -> None:
        self.patient_id = patient_id
        self._source = source
        self._frames = {name: value for name, value in options.items() if is_frame(value)}
        self._options = {name: value for name, value in options.items() if name not in self._frames}
        self.settings = self._settings()
        self._tables: dict[str, pl.DataFrame] = {}
        self._found: dict[str, pl.DataFrame] = {}

    def _settings(self) -> Settings:
        given = self._options.pop("settings", None)
        if isinstance(given, Settings):
            return given
        defaults = self._source.run_defaults() if self._source is not None else {}
        base: Settings = defaults.get("settings") or default_settings()
        return base.with_changes(given) if given else base

    @property
    def has_data(self) -> bool:
        """Whether there is anything beside the result table itself."""
        return self._source is not None or bool(self._frames)

    @cached_property
    def cutoff(self) -> Any:
        """The cutoff given, or the study's own; None without either."""
        if self._options.get("cutoff_date") is not None:
            return self._options["cutoff_date"]
        return self._source.run_defaults().get("cutoff_date") if self._source is not None else None

    @cached_property
    def last_day(self) -> Any:
        """The cutoff, else the last day of everybody's ratings and sessions."""
        if self.cutoff is not None or self._source is not None:
            return self.cutoff
        times = {"pain_scores": "recorded_at", "sessions": "started_at"}
        given = [
            conform(self._frames[table], TABLES[table]).select(column)
            for table, column in times.items()
            if table in self._frames
        ]
        return latest_day(*given).collect().item() if given else None

    def table(self, name: str, *, needed_by: str = "") -> pl.DataFrame:
        """Return the patient's rows of a table; without such a table there are none.

        Raises:
            MissingTableError: The table is needed and there is none.
            InvalidTableError: A row breaks the table's rules, or a column cannot be read.
        """
        if name not in self._tables:
            self._tables[name] = self._read(name, needed_by)
        return self._tables[name]

    def _read(self, name: str, needed_by: str) -> pl.DataFrame:
        if self._source is not None:
            optional = () if needed_by else (name,)
            return self._source.run(
                own_rows, tables=(name,), optional=optional, options={}, patients=[self.patient_id], name=needed_by
            )
        if name not in self._frames:
            if needed_by:
                raise MissingTableError(needed_by, name, self._frames)
            return empty_frame(TABLES[name])
        with columns_read("explain_outcome"):
            own = conform(as_lazy(self._frames[name]), TABLES[name]).filter(pl.col("patient_id") == self.patient_id)
            rows = own.collect()
            refuse_broken_rows(rows.lazy(), TABLES[name])
        return rows

    def run(self, one: Analysis, **asked: Any) -> pl.DataFrame:
        """Run an analysis on the patient's rows, with the options given and ``asked``."""
        key = f"{one.name} {sorted(asked.items())}"
        if key not in self._found:
            lazy = {
                name: self.table(name, needed_by="" if name in one.optional else one.name).lazy() for name in one.tables
            }
            options = {name: value for name, value in self._options.items() if name in one.options} | asked
            if "settings" in one.options:
                options["settings"] = self.settings
            if "cutoff_date" in one.options:
                options["cutoff_date"] = self.last_day if one.name in _NEEDS_LAST_DAY else self.cutoff
            self._found[key] = one.compute(**lazy, **options).collect()
        return self._found[key]

    @cached_property
    def observed(self) -> Observed:
        """Daily pain, valid scores, time zero and first sessions, as the outcome analyses see them."""
        names = ("pain_scores", "plans", "patients", "sessions")
        return observe(
            *(self.table(name).lazy() for name in names),
            responses=self.table("responses").lazy(),
            scores=self.table("scores").lazy(),
            settings=self.settings,
        )

    def baseline_of(self, measure: str) -> dict[str, Any] | None:
        """Return the patient's row of `baselines` for a measure; None without any."""
        key = f"baseline of {measure}"
        if key not in self._found:
            self._found[key] = (
                baselines_of(self.observed, [measure], self.settings).filter(pl.col("measure") == measure).collect()
            )
        rows = self._found[key]
        return rows.row(0, named=True) if rows.height else None

    @cached_property
    def daily(self) -> pl.DataFrame:
        """Daily pain of the settings' recall and site, by day."""
        return self.observed.daily.sort("date").collect()

    @cached_property
    def scored(self) -> pl.DataFrame:
        """Every questionnaire score, also the missing ones, by day."""
        return self.run(score_questionnaires).sort("completed_date")

    def n_left_out(self, **chosen: Any) -> int:
        """Count the ratings of another recall or body site, which the daily series never mixes in."""
        ratings = self.table("pain_scores")
        kept = chosen_readings(ratings.lazy(), settings=self.settings, **chosen).collect()
        return ratings.height - kept.height

    @property
    def options(self) -> Mapping[str, Any]:
        """Options given that are not tables."""
        return self._options


def own_rows(**tables: pl.LazyFrame) -> pl.LazyFrame:
    """Return the one table given; a study runs it to hand out a patient's rows."""
    (rows,) = tables.values()
    return rows
