"""A study held in memory: what analyses and cohorts ask of a study, without a folder."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from ptanalytics.dates import latest_day
from ptanalytics.errors import MissingTableError
from ptanalytics.schemas.frames import conform, empty_frame, to_pandas
from ptanalytics.schemas.tables import TABLES
from ptanalytics.settings import Settings, default_settings


class MemoryStudy:
    """Tables by name, split into buckets so that an analysis sees only some patients at a time."""

    def __init__(self, tables: Mapping[str, Any], *, settings: Settings | None = None, buckets: int = 1) -> None:
        self._tables = {name: conform(frame, TABLES[name]).collect() for name, frame in tables.items()}
        self.settings = settings or default_settings()
        self._n_buckets = buckets

    @property
    def cutoff_date(self) -> date | None:
        times = {"pain_scores": "recorded_at", "sessions": "started_at"}
        frames = [self._tables.get(t, empty_frame(TABLES[t])).lazy().select(c) for t, c in times.items()]
        return latest_day(*frames).collect().item()

    def has_table(self, name: str) -> bool:
        return name in self._tables and self._tables[name].height > 0

    def lazy(self, name: str, patients: Sequence[str] | None = None) -> pl.LazyFrame:
        rows = self._tables[name].lazy()
        return rows if patients is None else rows.filter(pl.col("patient_id").is_in(list(patients)))

    def table(self, name: str, patients: Sequence[str] | None = None) -> Any:
        return to_pandas(self.lazy(name, patients).collect())

    def patient_ids(self) -> list[str]:
        return sorted({name for frame in self._tables.values() for name in frame["patient_id"]})

    def run_defaults(self) -> Mapping[str, Any]:
        return {"settings": self.settings, "cutoff_date": self.cutoff_date}

    def run(
        self,
        compute: Callable[..., pl.LazyFrame],
        *,
        tables: Sequence[str],
        optional: Sequence[str],
        options: Mapping[str, Any],
        patients: Sequence[str] | None = None,
        name: str = "analysis",
    ) -> pl.DataFrame:
        for table in tables:
            if table not in optional and not self.has_table(table):
                raise MissingTableError(name, table, self._tables)
        chosen = self.patient_ids() if patients is None else list(patients)
        parts = [chosen[k :: self._n_buckets] for k in range(self._n_buckets)]
        results = []
        for part in parts:
            frames = {t: self.lazy(t, part) if t in self._tables else empty_frame(TABLES[t]).lazy() for t in tables}
            results.append(compute(**frames, **options).collect())
        return pl.concat(results)
