"""The worklist: whom to contact today and why."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from ptanalytics.schemas.frames import as_caller_kind, conform
from ptanalytics.schemas.model import columns_of, sort_of
from ptanalytics.schemas.worklist_results import Worklist, WorklistInputs
from ptanalytics.settings import Settings, default_settings
from ptanalytics.worklists.inputs import worklist_inputs
from ptanalytics.worklists.rules import Rule, worklist_rules


def worklist(*study: Any, today: date | None = None, rules: Sequence[Rule] | None = None, **given: Any) -> Any:
    """List whom to contact today and why: each rule of ``reference/worklist_rules.toml`` that holds for a patient.

    A rule compares numbers with limits; all its conditions must hold, and a missing number never makes one hold. There is
    no score: rows are in the order of the priority that each rule states, then by rule and patient. ``why`` says the
    numbers, and all inputs stand beside it. It is a list for clinician review; nothing is sent to anybody.

    ``today`` defaults to the last day of the data. A later day counts the days since as silent, so name the day the
    export was made, not the day it is looked at.

    Args:
        *study: The study; or pass the tables by name.
        today: The day; nothing recorded for a later day is used.
        rules: Other rules, from `read_rules`.
        **given: Tables by name (``sessions=..., plans=...``), ``patients`` to keep, ``settings``.

    Returns:
        One row per patient and rule that holds. Columns: `Worklist`.

    Example:
        >>> plans = pl.DataFrame({"patient_id": ["P1"], "plan_version": [1], "exercise_id": ["bridge"],
        ...                       "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> days = ["2026-03-02", "2026-03-04"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days})
        >>> listed = worklist(sessions=sessions, plans=plans, today=date(2026, 3, 15))
        >>> for row in listed.select("priority", "why").rows():
        ...     print(*row)
        2 Nothing recorded for 11 days (last entry: 2026-03-04).
        3 11 eligible days without a counted session; 14 are called a discontinuation.
    """
    inputs = worklist_inputs(*study, today=today, **given)
    found = listed(conform(inputs, WorklistInputs), rules or worklist_rules(), _settings(study, given)).collect()
    return as_caller_kind(found, inputs)


def _settings(study: Sequence[Any], given: dict[str, Any]) -> Settings:
    base = getattr(study[0], "settings", None) if study else None
    base = base if isinstance(base, Settings) else default_settings()
    changes = given.get("settings")
    if isinstance(changes, Settings):
        return changes
    return base.with_changes(changes) if changes else base


def listed(inputs: pl.LazyFrame, rules: Sequence[Rule], settings: Settings) -> pl.LazyFrame:
    """Apply rules to inputs."""
    typed = inputs.collect().lazy()
    parts = [
        typed.filter(rule.holds(settings)).with_columns(
            priority=pl.lit(rule.priority, pl.Int32), rule_id=pl.lit(rule.id), label=pl.lit(rule.label), why=rule.why()
        )
        for rule in rules
    ]
    return (
        pl.concat(parts)
        .sort(sort_of(Worklist))
        .with_columns(
            n_rules=pl.len().over("patient_id").cast(pl.Int32),
            is_first=pl.int_range(pl.len()).over("patient_id") == 0,
        )
        .select(columns_of(Worklist).keys())
    )
