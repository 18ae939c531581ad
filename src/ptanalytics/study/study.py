"""A study: a folder of tables in patient buckets that analyses, apps and reports read."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.errors import MissingTableError, UnknownPatientError
from ptanalytics.schemas.frames import to_pandas
from ptanalytics.schemas.model import sort_of
from ptanalytics.schemas.tables import TABLES
from ptanalytics.settings import Settings
from ptanalytics.study.buckets import bucket_of
from ptanalytics.study.description import read_description
from ptanalytics.study.execution import BucketTask, bucket_frame, reference_to, run_tasks
from ptanalytics.study.locking import write_lock
from ptanalytics.study.manifest import check_files, read_manifest
from ptanalytics.study.store import Snapshot, clean_if_idle, known_table

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.loading.quarantine import Quarantine
    from ptanalytics.loading.receipt import Receipt
    from ptanalytics.study.known_files import Paths
    from ptanalytics.study.watch import Cancel, Progress


class Study:
    """Tables of one clinic or registry on disk. Made by `create_study`, opened by `open_study`.

    A study object shows the state it was opened at: an import elsewhere changes nothing here until `refresh`.
    """

    def __init__(self, path: Path | str, *, executor: Executor | None = None) -> None:
        self.path = Path(path).resolve()
        self._executor = executor
        self.refresh()

    def refresh(self) -> None:
        """Move on to the study's current state.

        Raises:
            StudyNotFoundError: The path is no study.
            StudyDamagedError: Its files do not agree with its manifest.
        """
        self._description = read_description(self.path)
        manifest = read_manifest(self.path)
        check_files(self.path, manifest)
        self._snapshot = Snapshot(self.path, manifest, self._description.buckets)
        self._settings = self._description.effective_settings()
        self.__dict__.pop("_patient_ids", None)

    def clean(self) -> None:
        """Remove what a dead import may have left behind, unless an import is running."""
        clean_if_idle(self.path, self._snapshot.manifest)

    def __repr__(self) -> str:
        tables = ", ".join(f"{name} {self.n_rows(name):,}" for name in self._snapshot.manifest.tables)
        return f"<Study {self.name!r}: {tables or 'no rows yet'}>"

    @property
    def name(self) -> str:
        """The study's name."""
        return self._description.name

    @property
    def timezone(self) -> str:
        """IANA time zone that the clinic's local days are in."""
        return self._description.timezone

    @property
    def settings(self) -> Settings:
        """The default settings with the study's own changes."""
        return self._settings

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are generated; reports say so."""
        return self._description.is_synthetic

    @property
    def records_url(self) -> str:
        """Database of signed plans: a SQLite file inside the study unless study.toml names another."""
        return self._description.records_url or f"sqlite:///{(self.path / 'records.sqlite').as_posix()}"

    @property
    def cutoff_date(self) -> date | None:
        """Latest clinical day with any session or pain entry in the whole study; None without any."""
        latest = self._snapshot.manifest.last_at()
        return None if latest is None else (latest - timedelta(hours=self._settings.time.day_start_hour)).date()

    @property
    def data_fingerprint(self) -> str:
        """SHA-256 over the tables' content; changes when, and only when, a row does."""
        return self._snapshot.manifest.data_fingerprint()

    def has_table(self, name: str) -> bool:
        """Say whether the study holds any row of a table."""
        return self._snapshot.has_table(name)

    def n_rows(self, name: str) -> int:
        """Return how many rows a table has; 0 where the study holds none."""
        known_table(name)
        return self._snapshot.manifest.n_rows(name)

    def lazy(self, name: str, patients: Sequence[str] | None = None) -> pl.LazyFrame:
        """Return a table as a lazy Polars frame, bucket after bucket and sorted inside each.

        Raises:
            InvalidTableError: There is no table of that name.
            MissingTableError: The study holds no row of it.
        """
        return self._snapshot.scan(name, patients)

    def table(self, name: str, patients: Sequence[str] | None = None) -> "pd.DataFrame":
        """Return a table as pandas, sorted by the table's order.

        Args:
            name: Table name, e.g. ``sessions``.
            patients: Only these patients; without it all.

        Raises:
            InvalidTableError: There is no table of that name.
            MissingTableError: The study holds no row of it.
        """
        rows = self.lazy(name, patients)
        return to_pandas(rows.sort(sort_of(TABLES[name]), nulls_last=True, maintain_order=True).collect())

    def patient_ids(self) -> list[str]:
        """Return the ids of all patients with a row in any table, sorted."""
        return list(self._patient_ids)

    @cached_property
    def _patient_ids(self) -> list[str]:
        scans = [self.lazy(table).select("patient_id") for table in self._snapshot.manifest.tables]
        if not scans:
            return []
        return pl.concat(scans).unique().sort("patient_id").collect(engine="streaming")["patient_id"].to_list()

    def require_patient(self, patient_id: str) -> None:
        """Check that the study has a patient.

        Raises:
            UnknownPatientError: No table holds a row with that id.
        """
        bucket = bucket_of(patient_id, self._snapshot.n_buckets)
        for table in self._snapshot.manifest.tables:
            rows = bucket_frame(table, self._snapshot.file(table, bucket), [patient_id])
            if rows.select("patient_id").head(1).collect().height:
                return
        raise UnknownPatientError(len(self._patient_ids))

    def run_defaults(self) -> Mapping[str, Any]:
        """Return the options every analysis of this study gets where the caller gives none."""
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
        """Run a pure function of lazy frames on every bucket and return all rows, bucket after bucket.

        Args:
            compute: Called with one lazy frame per table, by name, and the options.
            tables: Tables it takes.
            optional: Those of them that may be absent; they are then empty.
            options: Further keyword arguments.
            patients: Only these patients; only their buckets are read.
            name: What the analysis is called in an error.

        Raises:
            MissingTableError: The study holds no row of a table that is not optional.
        """
        snapshot = self._snapshot
        for table in tables:
            if table not in optional and not snapshot.has_table(table):
                raise MissingTableError(name, table, snapshot.manifest.tables)
        chosen = None if patients is None else tuple(patients)
        # Without any bucket the function still runs once, on empty frames, and gives the columns of its result.
        tasks = [
            BucketTask(reference_to(compute), {table: snapshot.file(table, bucket) for table in tables}, options, chosen)
            for bucket in snapshot.buckets(tables, patients)
        ] or [BucketTask(compute, dict.fromkeys(tables), options, chosen)]
        return run_tasks(tasks, self._executor if len(tasks) > 1 else None)

    def import_exports(
        self,
        paths: "Paths",
        *,
        layout: "Path | str | None" = None,
        columns: Mapping[str, str] | None = None,
        date_order: str | None = None,
        progress: "Progress | None" = None,
        cancel: "Cancel | None" = None,
    ) -> "Receipt":
        """Import exports in one transaction: all of them become visible together, or nothing does.

        Importing the same export again changes no row, and its receipt says so. A newer export that overlaps adds its new
        rows and replaces the rows whose key is there already with other content; rows that it no longer has are counted
        (``rows_removed``) and stay. Rows that cannot be read or break a rule are set aside in the quarantine with a reason
        and stop nothing. `undo_import` takes an import back.

        Args:
            paths: A file, a folder, or several of them.
            layout: Name or file of an export layout; without it the layout is recognised.
            columns: ``{"their name": "our name"}``; wins over the layout.
            date_order: ``day_first`` or ``month_first`` where dates can be read both ways.
            progress: Called, on the caller's thread, with what happens now, the rows done and the rows to do; each row
                counts twice, when it is read and when it is sorted into the study.
            cancel: Asked several times a second; True ends the import and leaves the study as it was.

        Returns:
            The receipt: for each file and table ``rows_read == rows_used + rows_set_aside + rows_duplicate +
            rows_ignored``.

        Raises:
            NothingUsableError: There is nothing to import at the paths.
            StudyBusyError: Another import did not finish in time.
            OutputError: The disk is full or read-only; the study is as it was.
            ImportCancelledError: ``cancel`` said so.
        """
        from ptanalytics.study.importing import import_exports  # noqa: PLC0415 - reading a study needs no file readers

        reading = {"layout": layout, "columns": columns, "date_order": date_order}
        receipt = import_exports(self.path, paths, reading=reading, progress=progress, cancel=cancel)
        self.refresh()
        return receipt

    def undo_import(self, number: int | None = None) -> "Receipt":
        """Take an import back: its rows go, rows they had replaced come back, and what it set aside is forgotten.

        It is a transaction of its own with a receipt of its own; the receipt of the import stays. What was undone can be
        imported again. Rows that the software made (corrected rows of a repair sheet) are undone in the same way.

        Args:
            number: Number of the import's receipt, see `history`; without it the latest import that stands.

        Returns:
            A receipt with ``undoes``, ``rows_taken_back`` and ``rows_restored``.

        Raises:
            UndoError: There is no such import, it was undone before, or later ones that stand have rows of the same tables:
                the sentence says which must be undone first.
            StudyBusyError: An import did not finish in time.
            OutputError: The disk is full or read-only; the study is as it was.
        """
        from ptanalytics.study.undo import undo_import  # noqa: PLC0415 - see import_exports

        receipt = undo_import(self.path, number)
        self.refresh()
        return receipt

    def latest_import(self) -> int | None:
        """Return the number of the latest import that stands, which `undo_import` takes back; None without any."""
        manifest = self._snapshot.manifest
        standing = manifest.can_be_undone()
        return max((e.receipt for e in manifest.history if e.kind == "import" and e.receipt in standing), default=None)

    def history(self) -> "pd.DataFrame":
        """Return what changed the study, oldest first: number, kind, time (UTC), tables, counts, and whether it stands.

        ``kind`` is import, append (rows made by the software) or undo. Changes made by version 0.1 are listed without
        a time; they cannot be undone.
        """
        from ptanalytics.study.history import history  # noqa: PLC0415 - see import_exports

        return to_pandas(history(self._snapshot.manifest, self.receipts()))

    def append_rows(self, table: str, frame: Any, *, origin: str) -> "Receipt":
        """Add rows made by the software, such as a signed plan version, in one transaction.

        Args:
            table: The table.
            frame: pandas or Polars frame with the table's columns; optional ones may be absent.
            origin: What made them, e.g. ``plan sign-off``; the receipt shows it in place of a file.

        Raises:
            InvalidTableError: A row breaks a rule of the table; nothing is added.
            StudyBusyError: An import did not finish in time.
        """
        from ptanalytics.study.appending import append_rows  # noqa: PLC0415 - only writers need the transaction

        receipt = append_rows(self.path, table, frame, origin=origin)
        self.refresh()
        return receipt

    def receipts(self, *, standing: bool = False) -> "list[Receipt]":
        """Return the receipts of all imports and of what undid them, oldest first; receipt n is the n-th.

        Args:
            standing: Only those of imports, and of rows made by the software, that were not undone.
        """
        from ptanalytics.loading.receipt import Receipt  # noqa: PLC0415 - see import_exports

        manifest = self._snapshot.manifest
        gone = manifest.undone() | {entry.receipt for entry in manifest.history if entry.kind == "undo"}
        numbers = [n for n in range(1, manifest.n_receipts + 1) if not (standing and n in gone)]
        return [Receipt.from_json(self._snapshot.kept(f"receipts/{n}.json").read_text(encoding="utf-8")) for n in numbers]

    def quarantine(self) -> "Quarantine":
        """Return the rows that imports set aside, as they stand in their files (``.rows``), and why (``.reasons``).

        Both say the ``table`` and the ``import_number``, which is the number of the receipt.
        """
        from ptanalytics.study.set_aside import read_quarantine  # noqa: PLC0415 - see import_exports

        return read_quarantine(self._snapshot)

    def change_settings(self, changes: Mapping[str, Any]) -> Settings:
        """Change settings of this study, e.g. ``{"tuning": {"enabled": True}}``, and write them to study.toml.

        Raises:
            SettingsError: A name is unknown or a value is out of range; nothing is written.
        """
        with write_lock(self.path):
            changed = read_description(self.path).with_setting_changes(changes)
            changed.write(self.path)
        self._description = changed
        self._settings = changed.effective_settings()
        return self._settings


def open_study(path: Path | str, *, executor: Executor | None = None) -> Study:
    """Open a study.

    Args:
        path: The study's folder.
        executor: Where buckets run, e.g. ``dask_client.get_executor()``; without it in this process.

    Raises:
        StudyNotFoundError: The path is no study.
        StudyDamagedError: Its files do not agree with its manifest.
    """
    study = Study(path, executor=executor)
    study.clean()
    return study
