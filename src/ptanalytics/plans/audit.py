"""The audit trail: every stored row is written with an entry, and each entry carries the hash of the one before it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ptanalytics.plans.database import AUDIT_TRAIL, CHAIN_HEAD, RECORD_TABLES

#: What the first entry points back to.
GENESIS = "0" * 64

_HASHED = ("seq", "at", "kind", "who", "role", "patient_id", "payload", "previous_sha256")


@dataclass(frozen=True)
class Verification:
    """What a check of the audit trail found. ``faults`` name entries and rows, never their content."""

    is_intact: bool
    n_entries: int
    faults: tuple[str, ...]

    def __bool__(self) -> bool:
        """Say whether nothing was tampered with."""
        return self.is_intact


def store(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Insert one row and return its record for the audit entry (table, id, content)."""
    result = connection.execute(sa.insert(table).values(**row))
    key = result.inserted_primary_key
    return {"table": table.name, "id": key[0] if key else None, "row": dict(row)}


def append_entry(
    connection: sa.Connection,
    *,
    at: str,
    kind: str,
    who: str,
    role: str,
    patient_id: str | None,
    records: Sequence[Mapping[str, Any]],
) -> int:
    """Append one entry about the rows stored with it, in the same transaction.

    ``sha256 = SHA-256(canonical JSON of seq, at, kind, who, role, patient_id, payload, previous_sha256)``.

    Returns:
        The entry's number.
    """
    head = connection.execute(sa.select(CHAIN_HEAD)).mappings().one_or_none()
    entry: dict[str, Any] = {
        "seq": head["seq"] + 1 if head else 1,
        "at": at,
        "kind": kind,
        "who": who,
        "role": role,
        "patient_id": patient_id,
        "payload": _canonical(list(records)),
        "previous_sha256": head["sha256"] if head else GENESIS,
    }
    entry["sha256"] = entry_hash(entry)
    connection.execute(sa.insert(AUDIT_TRAIL).values(**entry))
    newest = {"seq": entry["seq"], "sha256": entry["sha256"]}
    connection.execute(sa.update(CHAIN_HEAD).values(**newest) if head else sa.insert(CHAIN_HEAD).values(id=1, **newest))
    return int(entry["seq"])


def entry_hash(entry: Mapping[str, Any]) -> str:
    """Return the hash an entry must carry."""
    return hashlib.sha256(_canonical({name: entry[name] for name in _HASHED}).encode()).hexdigest()


def verify_trail(connection: sa.Connection) -> Verification:
    """Check every link of the chain, and every stored row against the entry it was written with.

    Found: a changed, removed, inserted or reordered entry, an entry cut off the end, a changed, removed or added row.
    Not found: somebody who rewrites the whole database consistently; for that, keep the newest hash elsewhere.
    """
    entries = [dict(row) for row in connection.execute(sa.select(AUDIT_TRAIL).order_by(AUDIT_TRAIL.c.seq)).mappings()]
    faults = [*_chain_faults(entries), *_head_faults(connection, entries), *_row_faults(connection, entries)]
    return Verification(not faults, len(entries), tuple(faults))


def _chain_faults(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    previous = GENESIS
    for number, entry in enumerate(entries, start=1):
        if entry["seq"] != number:
            yield f"entry {number} is missing"
            return
        if entry["previous_sha256"] != previous:
            yield f"entry {number} does not follow from the one before it"
        if entry["sha256"] != entry_hash(entry):
            yield f"entry {number} was changed"
        previous = entry["sha256"]


def _head_faults(connection: sa.Connection, entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    heads = [(row["seq"], row["sha256"]) for row in connection.execute(sa.select(CHAIN_HEAD)).mappings()]
    if heads != [(entry["seq"], entry["sha256"]) for entry in entries[-1:]]:
        yield "the end of the trail was changed or cut off"


def _row_faults(connection: sa.Connection, entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    recorded: dict[tuple[str, int], Any] = {}
    for entry in entries:
        try:
            recorded |= {(one["table"], one["id"]): one["row"] for one in json.loads(entry["payload"])}
        except (ValueError, TypeError, KeyError):
            yield f"entry {entry['seq']} cannot be read"
    for name, table in RECORD_TABLES.items():
        for found in connection.execute(sa.select(table).order_by(table.c.id)).mappings():
            row = dict(found)
            row_id = row.pop("id")
            if (name, row_id) not in recorded:
                yield f"row {row_id} of {name} was added without an entry"
            elif _canonical(recorded.pop((name, row_id))) != _canonical(row):
                yield f"row {row_id} of {name} was changed"
    yield from (f"row {row_id} of {name} was removed" for name, row_id in recorded)


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
