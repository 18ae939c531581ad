"""Signing a draft: one database transaction that refuses a stale base, then the new rows in the study's plans table."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import sqlalchemy as sa

from ptanalytics.errors import OutputError, SignOffError, StudyBusyError
from ptanalytics.plans.audit import append_entry, store
from ptanalytics.plans.current import plan_in_force, plans_of
from ptanalytics.plans.database import PLAN_ROWS, PLAN_VERSIONS, SIGN_OFFS
from ptanalytics.plans.draft import PlanDraft
from ptanalytics.plans.prescription import Prescription, plan_table, prescriptions_of

if TYPE_CHECKING:
    from ptanalytics.study import Study

#: What the receipt shows where an import shows a file.
ORIGIN = "plan sign-off"


@dataclass(frozen=True)
class SignedVersion:
    """A plan version that was signed."""

    plan_version: int
    valid_from_date: date
    who: str
    role: str
    reason: str
    #: False where the sign-off is stored but an import holds the study; ``PlanRecords(study).sync()`` adds the rows.
    is_in_study: bool


def refuse_stale(connection: sa.Connection, study: "Study", draft: PlanDraft) -> None:
    """Check that a draft starts from the newest version, in the records and in the study, with the same content.

    Raises:
        SignOffError: Somebody signed or imported another version since the draft was started.
    """
    newest = plan_in_force(plans_of(study, draft.patient_id), None)
    in_study = 0 if newest.is_empty() else int(newest["plan_version"][0])
    signed = newest_signed(connection, draft.patient_id)
    if max(in_study, signed) != draft.base_version:
        message = (
            f"This draft starts from version {draft.base_version}, but version {max(in_study, signed)} is the newest: "
            "somebody else changed the plan meanwhile. Look at the new version and make your changes again."
        )
        raise SignOffError(message)
    # A version that is signed but not yet in the study is compared by its number only; its content cannot differ.
    if in_study == draft.base_version and set(prescriptions_of(newest)) != set(draft.base):
        message = (
            f"Version {draft.base_version} was imported again with other content since this draft was started. "
            "Look at the plan and make your changes again."
        )
        raise SignOffError(message)


def newest_signed(connection: sa.Connection, patient_id: str) -> int:
    """Return the highest signed version of a patient, 0 without any."""
    highest = sa.select(sa.func.max(PLAN_VERSIONS.c.plan_version)).where(PLAN_VERSIONS.c.patient_id == patient_id)
    return int(connection.execute(highest).scalar() or 0)


def store_version(
    connection: sa.Connection, draft: PlanDraft, *, who: str, role: str, reason: str, valid_from_date: date, at: str
) -> int:
    """Store sign-off, version and rows with their audit entry; everything belongs to the caller's transaction."""
    version = draft.base_version + 1
    changes = "; ".join(change.words for change in draft.changes())
    sign_off = {
        "patient_id": draft.patient_id,
        "signed_at": at,
        "who": who,
        "role": role,
        "reason": reason,
        "changes": changes,
    }
    records = [store(connection, SIGN_OFFS, sign_off)]
    head = {
        "patient_id": draft.patient_id,
        "plan_version": version,
        "base_version": draft.base_version,
        "valid_from_date": valid_from_date.isoformat(),
        "sign_off_id": records[0]["id"],
    }
    records.append(store(connection, PLAN_VERSIONS, head))
    version_id = records[1]["id"]
    records += [store(connection, PLAN_ROWS, {"plan_version_id": version_id, **asdict(one)}) for one in draft.exercises]
    append_entry(connection, at=at, kind="sign_off", who=who, role=role, patient_id=draft.patient_id, records=records)
    return version


def add_to_study(study: "Study", rows: pl.DataFrame) -> bool:
    """Add signed rows to the plans table; False where the study cannot be written now, so that `sync` can do it later."""
    try:
        study.append_rows("plans", rows, origin=ORIGIN)
    except (StudyBusyError, OutputError):
        return False
    return True


def signed_rows(connection: sa.Connection, patient_id: str | None = None) -> dict[tuple[str, int], pl.DataFrame]:
    """Return every signed version as rows of ``plans``, by patient and version."""
    heads = sa.select(PLAN_VERSIONS).order_by(PLAN_VERSIONS.c.id)
    if patient_id is not None:
        heads = heads.where(PLAN_VERSIONS.c.patient_id == patient_id)
    versions = {head["id"]: head for head in connection.execute(heads).mappings()}
    rows: dict[int, list[Prescription]] = {version_id: [] for version_id in versions}
    wanted = sa.select(PLAN_ROWS).where(PLAN_ROWS.c.plan_version_id.in_(heads.with_only_columns(PLAN_VERSIONS.c.id)))
    for row in connection.execute(wanted.order_by(PLAN_ROWS.c.id)).mappings():
        rows[row["plan_version_id"]].append(_prescription(row))
    return {
        (head["patient_id"], head["plan_version"]): plan_table(
            rows[version_id],
            patient_id=head["patient_id"],
            plan_version=head["plan_version"],
            valid_from_date=date.fromisoformat(head["valid_from_date"]),
        )
        for version_id, head in versions.items()
    }


def missing_from_study(study: "Study", signed: dict[tuple[str, int], pl.DataFrame]) -> dict[tuple[str, int], pl.DataFrame]:
    """Return the signed versions whose rows the study's plans table does not hold, or holds otherwise."""
    if not signed:
        return {}
    if not study.has_table("plans"):
        return dict(signed)
    have = study.lazy("plans", patients=sorted({patient_id for patient_id, _ in signed})).collect()
    # What an import put beside the signed rows stays: a row can be added or replaced here, never taken away.
    absent = {key: rows.join(have, on=rows.columns, how="anti", nulls_equal=True) for key, rows in signed.items()}
    return {key: signed[key] for key, rows in absent.items() if rows.height}


def _prescription(row: Any) -> Prescription:
    return Prescription(**{name: value for name, value in row.items() if name not in {"id", "plan_version_id"}})
