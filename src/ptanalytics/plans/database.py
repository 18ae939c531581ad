"""The records database: its tables, and connections that read or write in one transaction."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from ptanalytics.errors import RecordsUnavailableError

METADATA = sa.MetaData()

#: How long a second writer waits for the first.
BUSY_WAIT_S = 10.0


def _table(name: str, *columns: sa.Column[Any] | sa.UniqueConstraint) -> sa.Table:
    # Ids are never given twice, so a removed row leaves a gap that verification sees.
    return sa.Table(name, METADATA, sa.Column("id", sa.Integer, primary_key=True), *columns, sqlite_autoincrement=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _number(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=True)


SIGN_OFFS = _table(
    "sign_offs", _text("patient_id"), _text("signed_at"), _text("who"), _text("role"), _text("reason"), _text("changes")
)
PLAN_VERSIONS = _table(
    "plan_versions",
    _text("patient_id"),
    sa.Column("plan_version", sa.Integer, nullable=False),
    sa.Column("base_version", sa.Integer, nullable=False),
    sa.Column("valid_from_date", sa.Text, nullable=False),
    sa.Column("sign_off_id", sa.Integer, nullable=False),
    # Two people cannot sign the same version, whatever they saw.
    sa.UniqueConstraint("patient_id", "plan_version"),
)
PLAN_ROWS = _table(
    "plan_rows",
    sa.Column("plan_version_id", sa.Integer, nullable=False),
    _text("exercise_id"),
    _number("sessions_per_week"),
    _text("weekdays", nullable=True),
    sa.Column("sessions_per_day", sa.Integer, nullable=True),
    *(_number(name) for name in ("sets", "reps", "hold_s", "duration_min", "load_kg")),
    *(_number(name) for name in ("rpe_min", "rpe_max", "pain_ceiling_nprs")),
)
GOALS = _table(
    "goals",
    _text("patient_id"),
    _text("category"),
    _text("unit"),
    _number("volume_per_week"),
    *(_text(name) for name in ("set_at", "who", "role")),
)
FLAG_EVENTS = _table(
    "flag_events",
    _text("patient_id"),
    _text("flag_id"),
    _text("recorded_at"),
    _text("event"),
    *(_text(name) for name in ("event_at", "who", "role", "note")),
)
SETTING_EVENTS = _table(
    "setting_events",
    _text("setting"),
    _text("value"),
    _text("statement"),
    *(_text(name) for name in ("set_at", "who", "role")),
)

#: Every table whose rows are covered by the audit trail.
RECORD_TABLES = {table.name: table for table in (SIGN_OFFS, PLAN_VERSIONS, PLAN_ROWS, GOALS, FLAG_EVENTS, SETTING_EVENTS)}

AUDIT_TRAIL = sa.Table(
    "audit_trail",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    _text("at"),
    _text("kind"),
    _text("who"),
    _text("role"),
    _text("patient_id", nullable=True),
    _text("payload"),
    _text("previous_sha256"),
    _text("sha256"),
)
#: The newest entry, kept apart so that cutting off the end of the trail is noticed.
CHAIN_HEAD = sa.Table(
    "chain_head",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.Integer, nullable=False),
    _text("sha256"),
)

_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER audit_trail_no_{verb.lower()} BEFORE {verb} ON audit_trail "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        (
            "CREATE OR REPLACE FUNCTION audit_trail_is_append_only() RETURNS trigger AS "
            "'BEGIN RAISE EXCEPTION ''the audit trail is append-only''; END' LANGUAGE plpgsql"
        ),
        (
            "CREATE TRIGGER audit_trail_append_only BEFORE UPDATE OR DELETE ON audit_trail "
            "FOR EACH ROW EXECUTE FUNCTION audit_trail_is_append_only()"
        ),
    ],
}


@event.listens_for(AUDIT_TRAIL, "after_create")
def _make_append_only(_table: sa.Table, connection: sa.Connection, **_: Any) -> None:
    for statement in _APPEND_ONLY.get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)


class Database:
    """Connections to the records of one study. Nothing is created until the first write."""

    def __init__(self, url: str) -> None:
        try:
            self._url = sa.make_url(url)
            self._engine = _engine(self._url)
        except (sa.exc.ArgumentError, ModuleNotFoundError) as error:
            # The address may hold a password, so it is not repeated.
            missing = f"the driver {error.name} is not installed" if isinstance(error, ModuleNotFoundError) else ""
            raise RecordsUnavailableError(missing or "records_url is no database address") from None

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for a database server."""
        return Path(self._url.database) if self._url.get_backend_name() == "sqlite" and self._url.database else None

    def exists(self) -> bool:
        """Say whether there are records at all."""
        if self.file is not None and not self.file.exists():
            return False
        with _explained(), self._engine.connect() as connection:
            return sa.inspect(connection).has_table(AUDIT_TRAIL.name)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection that sees one state of the records."""
        with _explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give the only connection that writes: everything in it is stored together, or nothing."""
        if not self.exists():
            self._create()
        engine = self._engine.execution_options(is_writing=True)
        with _explained(), engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("LOCK TABLE audit_trail IN EXCLUSIVE MODE")
            yield connection

    def _create(self) -> None:
        if self.file is not None:
            try:
                # Made before SQLite opens it, so that it is never readable by others, not even for a moment.
                os.close(os.open(self.file, os.O_CREAT | os.O_WRONLY, 0o600))
            except OSError as error:
                raise RecordsUnavailableError((error.strerror or "the disk refused").lower()) from None
        with _explained(), self._engine.execution_options(is_writing=True).begin() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(727001)")
            METADATA.create_all(connection)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn a database failure into a sentence; its own message may hold rows or a password."""
    try:
        yield
    except sa.exc.OperationalError as error:
        busy = "locked" in str(error.orig)
        raise RecordsUnavailableError("another program is writing to it" if busy else "it does not answer") from None
    except sa.exc.DBAPIError:
        raise RecordsUnavailableError("it refused the request") from None


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        # A connection for each transaction: signing is rare, and an app that stays open must not hold one of the server's.
        return sa.create_engine(url, hide_parameters=True, poolclass=NullPool)
    engine = sa.create_engine(
        url, hide_parameters=True, poolclass=NullPool, connect_args={"timeout": BUSY_WAIT_S, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        is_writing = connection.get_execution_options().get("is_writing", False)
        # A writer takes its lock at once: two that read first and write later would deadlock.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")

    return engine
