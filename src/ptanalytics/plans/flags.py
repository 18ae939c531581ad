"""Recorded red flags of a patient: what exports and people recorded, and who resolved it. None is ever inferred."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.errors import SignOffError
from ptanalytics.plans.catalogue import red_flags

if TYPE_CHECKING:
    from ptanalytics.study import Study

_SCHEMA: dict[str, Any] = {
    "flag_id": pl.String,
    "label": pl.String,
    "group": pl.String,
    "display_class": pl.String,
    "recorded_at": pl.Datetime("us"),
    "recorder": pl.String,
    "resolved_at": pl.Datetime("us"),
    "resolved_by": pl.String,
    "note": pl.String,
}


def flags_of(study: "Study", patient_id: str, events: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return the flags of a patient from the flags table and from recorded events, unresolved first, newest first.

    A flag is one kind recorded at one time. An event that resolves it counts wherever it was recorded. A flag that is
    not in ``reference/red_flags.csv`` is shown under its own id, for review.
    """
    found: dict[tuple[str, datetime], dict[str, Any]] = {}
    if study.has_table("flags"):
        for row in study.lazy("flags", patients=[patient_id]).collect().iter_rows(named=True):
            found[row["flag_id"], row["recorded_at"]] = _flag(row["flag_id"], row["recorded_at"], row["recorder"]) | {
                "resolved_at": row["resolved_at"]
            }
    for event in events:
        key = event["flag_id"], datetime.fromisoformat(event["recorded_at"])
        if event["event"] == "recorded":
            found.setdefault(key, _flag(*key, event["who"]) | {"note": event["note"] or None})
        elif key in found:
            found[key] |= {"resolved_at": event["event_at"], "resolved_by": event["who"], "note": event["note"] or None}
    rows = sorted(found.values(), key=lambda flag: flag["recorded_at"], reverse=True)
    return pl.DataFrame(sorted(rows, key=lambda flag: flag["resolved_at"] is not None), schema=_SCHEMA)


def require_known(flag_id: str) -> None:
    """Check that a flag is one of the list.

    Raises:
        SignOffError: It is not.
    """
    if flag_id not in red_flags():
        message = f"That is no flag of the list. Choose one of: {', '.join(red_flags())}."
        raise SignOffError(message)


def _flag(flag_id: str, recorded_at: datetime, recorder: str | None) -> dict[str, Any]:
    listed = red_flags().get(flag_id)
    return {
        "flag_id": flag_id,
        "label": listed.label if listed else flag_id,
        "group": listed.group if listed else "not in the list",
        "display_class": listed.display_class if listed else "REVIEW",
        "recorded_at": recorded_at,
        "recorder": recorder,
        "resolved_at": None,
        "resolved_by": None,
        "note": None,
    }
