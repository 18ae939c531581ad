"""The records of a study: signed plan versions, goals, red flags, the switch-on of suggestions, and their audit trail."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from ptanalytics.errors import SignOffError
from ptanalytics.plans.audit import Verification, append_entry, store, verify_trail
from ptanalytics.plans.checks import blockers, check_draft
from ptanalytics.plans.database import (
    AUDIT_TRAIL,
    FLAG_EVENTS,
    GOALS,
    PLAN_ROWS,
    PLAN_VERSIONS,
    SETTING_EVENTS,
    SIGN_OFFS,
    Database,
)
from ptanalytics.plans.draft import PlanDraft
from ptanalytics.plans.flags import flags_of, require_known
from ptanalytics.plans.signing import (
    SignedVersion,
    add_to_study,
    missing_from_study,
    refuse_stale,
    signed_rows,
    store_version,
)
from ptanalytics.schemas.frames import to_pandas

if TYPE_CHECKING:
    import pandas as pd

    from ptanalytics.study import Study

#: What a site agrees to when it switches suggestions on.
INTENDED_USE = (
    "Suggestions are shown to a qualified clinician, who reviews the inputs, the rule and the alternatives and decides. "
    "They rest on logged data and project defaults that are not validated in low back pain, are not for emergencies, "
    "are never shown to patients, and nothing is applied without a signature."
)

_HISTORY: dict[str, Any] = {
    "plan_version": pl.Int32,
    "base_version": pl.Int32,
    "valid_from_date": pl.Date,
    "signed_at": pl.Datetime("us"),
    "who": pl.String,
    "role": pl.String,
    "reason": pl.String,
    "changes": pl.String,
    "n_exercises": pl.Int32,
}
_TRAIL: dict[str, Any] = {
    "seq": pl.Int32,
    "at": pl.Datetime("us"),
    "kind": pl.String,
    "who": pl.String,
    "role": pl.String,
    "patient_id": pl.String,
    "n_rows": pl.Int32,
    "sha256": pl.String,
}


class PlanRecords:
    """What people signed, agreed and recorded in one study, with who, when and why. Rows are only ever added.

    A SQLite file inside the study (readable by its owner only), or the database of ``records_url`` in study.toml, e.g.
    ``postgresql+psycopg://clinic@host/records`` with the driver psycopg installed. One database belongs to one study.
    Opening the records repairs a sign-off that a crash kept out of the study's plans table.

    Args:
        study: The study.
        clock: Gives the present time in UTC; for tests.
        repair: Whether to repair on opening; a mere check does not.

    Raises:
        RecordsUnavailableError: The database cannot be reached.
    """

    def __init__(self, study: "Study", *, clock: Callable[[], datetime] | None = None, repair: bool = True) -> None:
        self._study = study
        self._database = Database(study.records_url)
        self._clock = clock or (lambda: datetime.now(UTC))
        self._zone = ZoneInfo(study.timezone)
        if repair:
            self.sync()

    def today(self) -> date:
        """Return the present day in the study's time zone."""
        return self._clock().astimezone(self._zone).date()

    def sign(
        self, draft: PlanDraft, *, who: str, role: str, reason: str, valid_from_date: date | None = None
    ) -> SignedVersion:
        """Sign a draft: it becomes the patient's next plan version.

        Stored in one transaction with its sign-off and audit entry; then the rows are added to the study's plans.

        Args:
            draft: The edited plan.
            who: Who signs.
            role: In which role.
            reason: Why the plan changes.
            valid_from_date: First day of the version; missing: today, or the first day of the version it replaces if
                that is later.

        Raises:
            UnknownPatientError: The study has no such patient.
            SignOffError: Something stands in the way (see `check_draft`), or somebody changed the plan meanwhile;
                nothing is stored.
        """
        self._study.require_patient(draft.patient_id)
        day = valid_from_date or max(self.today(), draft.base_from_date or date.min)
        who, role, reason = who.strip(), role.strip(), reason.strip()
        found = check_draft(
            draft,
            who=who,
            role=role,
            reason=reason,
            has_unresolved_flag=not self.unresolved_flags(draft.patient_id).empty,
            valid_from_date=day,
            settings=self._study.settings,
        )
        if in_the_way := blockers(found):
            message = f"The plan cannot be signed: {' '.join(in_the_way)}"
            raise SignOffError(message)
        self._study.refresh()
        with self._database.writing() as connection:
            refuse_stale(connection, self._study, draft)
            version = store_version(
                connection, draft, who=who, role=role, reason=reason, valid_from_date=day, at=self._now()
            )
            rows = signed_rows(connection, draft.patient_id)[draft.patient_id, version]
        is_in_study = add_to_study(self._study, rows)
        return SignedVersion(version, day, who, role, reason, is_in_study)

    def sync(self) -> int:
        """Add signed versions to the study's plans that a crash or a busy study kept out; return how many.

        Doing it again changes nothing. Where an import changed the content of a signed version, the signed rows are
        put back.
        """
        if not self._database.exists():
            return 0
        with self._database.reading() as connection:
            signed = signed_rows(connection)
        absent = missing_from_study(self._study, signed)
        if not absent:
            return 0
        return len(absent) if add_to_study(self._study, pl.concat(absent.values())) else 0

    def history(self, patient_id: str) -> "pd.DataFrame":
        """Return a patient's signed versions, newest first: who signed, when (local time), in which role and why.

        Returns:
            ``plan_version, base_version, valid_from_date, signed_at, who, role, reason, changes`` (in words),
            ``n_exercises``. Versions that came with an export have no signature and are in `plan_history` only.

        Raises:
            UnknownPatientError: The study has no such patient.
        """
        self._study.require_patient(patient_id)
        n_exercises = sa.func.count().label("n_exercises")
        counts = sa.select(PLAN_ROWS.c.plan_version_id, n_exercises).group_by(PLAN_ROWS.c.plan_version_id).subquery()
        query = (
            sa.select(
                PLAN_VERSIONS.c.plan_version,
                PLAN_VERSIONS.c.base_version,
                PLAN_VERSIONS.c.valid_from_date,
                *(SIGN_OFFS.c[name] for name in ("signed_at", "who", "role", "reason", "changes")),
                counts.c.n_exercises,
            )
            .join(SIGN_OFFS, SIGN_OFFS.c.id == PLAN_VERSIONS.c.sign_off_id)
            .join(counts, counts.c.plan_version_id == PLAN_VERSIONS.c.id)
            .where(PLAN_VERSIONS.c.patient_id == patient_id)
            .order_by(PLAN_VERSIONS.c.plan_version.desc())
        )
        rows = [
            row
            | {"valid_from_date": date.fromisoformat(row["valid_from_date"]), "signed_at": self._local(row["signed_at"])}
            for row in self._rows(query)
        ]
        return to_pandas(pl.DataFrame(rows, schema=_HISTORY))

    def set_goal(
        self, patient_id: str, *, category: str, unit: str, volume_per_week: float | None, who: str, role: str
    ) -> None:
        """Record the weekly volume agreed with a patient for one kind of exercise; None ends the agreement.

        Raises:
            UnknownPatientError: The study has no such patient.
            SignOffError: Who or role is missing, or the volume is negative.
        """
        self._study.require_patient(patient_id)
        if volume_per_week is not None and not 0 <= volume_per_week < float("inf"):
            message = "A goal is a weekly volume of 0 or more. Enter a number."
            raise SignOffError(message)
        goal = {
            "patient_id": patient_id,
            "category": category,
            "unit": unit,
            "volume_per_week": None if volume_per_week is None else float(volume_per_week),
            **_signer(who, role),
        }
        self._add(GOALS, "set_at", goal, kind="goal")

    def goal(self, patient_id: str) -> dict[tuple[str, str], float]:
        """Return the agreed weekly volumes of a patient by (category, unit), as `compare_volume` takes them."""
        query = sa.select(GOALS).where(GOALS.c.patient_id == patient_id).order_by(GOALS.c.id)
        newest = {(row["category"], row["unit"]): row["volume_per_week"] for row in self._rows(query)}
        return {group: volume for group, volume in newest.items() if volume is not None}

    def flags(self, patient_id: str) -> "pd.DataFrame":
        """Return every recorded red flag of a patient, from exports and from here, unresolved first.

        Returns:
            ``flag_id, label, group, display_class`` (EMERGENCY, URGENT, REVIEW), ``recorded_at`` (local),
            ``recorder, resolved_at, resolved_by, note``. No row does not mean no red flag: only that none was recorded.

        Raises:
            UnknownPatientError: The study has no such patient.
        """
        self._study.require_patient(patient_id)
        return to_pandas(flags_of(self._study, patient_id, self._flag_events(patient_id)))

    def unresolved_flags(self, patient_id: str) -> "pd.DataFrame":
        """Return the recorded red flags of a patient that nobody has resolved; columns as `flags`."""
        found = self.flags(patient_id)
        return found[found["resolved_at"].isna()]

    def record_flag(self, patient_id: str, flag_id: str, *, who: str, role: str, note: str = "") -> None:
        """Record a red flag of ``reference/red_flags.csv`` that somebody noticed.

        Raises:
            UnknownPatientError: The study has no such patient.
            SignOffError: The flag is not in the list, or who or role is missing.
        """
        self._study.require_patient(patient_id)
        require_known(flag_id)
        row = {"patient_id": patient_id, "flag_id": flag_id, "recorded_at": self._local(self._now()).isoformat()}
        self._add(
            FLAG_EVENTS, "event_at", {**row, "event": "recorded", "note": note, **_signer(who, role)}, kind="flag_recorded"
        )

    def resolve_flag(self, patient_id: str, flag_id: str, recorded_at: datetime, *, who: str, role: str, note: str) -> None:
        """Mark a recorded red flag as resolved by a clinician, with a note.

        Raises:
            UnknownPatientError: The study has no such patient.
            SignOffError: There is no such unresolved flag, or who, role or note is missing.
        """
        open_flags = self.unresolved_flags(patient_id)
        is_it = (open_flags["flag_id"] == flag_id) & (open_flags["recorded_at"] == recorded_at)
        if not is_it.any():
            message = "There is no unresolved flag of that kind recorded at that time. Look at the list of flags again."
            raise SignOffError(message)
        if not note.strip():
            message = "Say in a note how the flag was resolved."
            raise SignOffError(message)
        row = {
            "patient_id": patient_id,
            "flag_id": flag_id,
            "recorded_at": datetime.fromisoformat(str(recorded_at)).isoformat(),
        }
        resolved = {**row, "event": "resolved", "note": note.strip(), **_signer(who, role)}
        self._add(FLAG_EVENTS, "event_at", resolved, kind="flag_resolved")

    def enable_suggestions(self, *, who: str, role: str, statement: str = INTENDED_USE) -> None:
        """Switch plan suggestions on for the study, once, under a statement of intended use; who and when is kept.

        Raises:
            SignOffError: Who, role or the statement is missing.
        """
        self._switch(is_on=True, who=who, role=role, statement=statement)

    def disable_suggestions(self, *, who: str, role: str, reason: str) -> None:
        """Switch plan suggestions off again; who, when and why is kept.

        Raises:
            SignOffError: Who, role or the reason is missing.
        """
        self._switch(is_on=False, who=who, role=role, statement=reason)

    def suggestions_switch(self) -> Mapping[str, Any] | None:
        """Return the newest switch of suggestions (``is_on, who, role, set_at, statement``), None if never switched."""
        query = sa.select(SETTING_EVENTS).order_by(SETTING_EVENTS.c.id.desc()).limit(1)
        for row in self._rows(query):
            return {
                "is_on": row["value"] == "on",
                "set_at": self._local(row["set_at"]),
                **{name: row[name] for name in ("who", "role", "statement")},
            }
        return None

    def audit_trail(self) -> "pd.DataFrame":
        """Return every entry of the audit trail, oldest first.

        Returns:
            ``seq, at`` (local time), ``kind`` (sign_off, goal, flag_recorded, flag_resolved, setting), ``who, role,
            patient_id, n_rows`` (rows stored with it), ``sha256``.
        """
        rows = [
            {name: row[name] for name in _TRAIL if name in row}
            | {"at": self._local(row["at"]), "n_rows": len(json.loads(row["payload"]))}
            for row in self._rows(sa.select(AUDIT_TRAIL).order_by(AUDIT_TRAIL.c.seq))
        ]
        return to_pandas(pl.DataFrame(rows, schema=_TRAIL))

    def verify(self) -> Verification:
        """Check the audit trail's hash chain, and every stored row against the entry it was written with."""
        if not self._database.exists():
            return Verification(is_intact=True, n_entries=0, faults=())
        with self._database.reading() as connection:
            return verify_trail(connection)

    def _switch(self, *, is_on: bool, who: str, role: str, statement: str) -> None:
        if not statement.strip():
            message = "Say under which statement of intended use, or why. Nothing was switched."
            raise SignOffError(message)
        setting = {
            "setting": "tuning.enabled",
            "value": "on" if is_on else "off",
            "statement": statement.strip(),
            **_signer(who, role),
        }
        self._add(SETTING_EVENTS, "set_at", setting, kind="setting")
        self._study.change_settings({"tuning": {"enabled": is_on}})

    def _add(self, table: sa.Table, at_column: str, row: Mapping[str, Any], *, kind: str) -> None:
        """Store one row, the present time and its audit entry in one transaction."""
        at = self._now()
        with self._database.writing() as connection:
            record = store(connection, table, {**row, at_column: at})
            signer = {"who": row["who"], "role": row["role"], "patient_id": row.get("patient_id")}
            append_entry(connection, at=at, kind=kind, records=[record], **signer)

    def _flag_events(self, patient_id: str) -> list[dict[str, Any]]:
        query = sa.select(FLAG_EVENTS).where(FLAG_EVENTS.c.patient_id == patient_id).order_by(FLAG_EVENTS.c.id)
        return [row | {"event_at": self._local(row["event_at"])} for row in self._rows(query)]

    def _rows(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        if not self._database.exists():
            return []
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="microseconds")

    def _local(self, at: str) -> datetime:
        return datetime.fromisoformat(at).astimezone(self._zone).replace(tzinfo=None)


def _signer(who: str, role: str) -> dict[str, str]:
    if not who.strip() or not role.strip():
        message = "Say who does this and in which role. Nothing was stored."
        raise SignOffError(message)
    return {"who": who.strip(), "role": role.strip()}
