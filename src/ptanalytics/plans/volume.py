"""How much a plan adds up to in a week, by kind of exercise, and what a change does to it."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ptanalytics.plans.catalogue import CATEGORIES, UNLISTED, exercise_catalogue
from ptanalytics.plans.prescription import Prescription, prescriptions_of
from ptanalytics.schemas.frames import to_pandas

#: Plan column -> what its weekly sum is called.
VOLUME_UNITS = {"reps": "reps/week", "hold_s": "s/week", "duration_min": "min/week"}

#: The unit of an exercise whose amount the plan does not give.
NO_AMOUNT = "no amount prescribed"

_ORDER = {name: place for place, name in enumerate((*CATEGORIES, UNLISTED))}
_VOLUME_SCHEMA = {
    "category": pl.String,
    "unit": pl.String,
    "volume_per_week": pl.Float64,
    "n_exercises": pl.Int32,
    "n_unknown": pl.Int32,
}

Rows = Sequence[Prescription]


def weekly_volume(plan_rows: Any) -> Any:
    """Measure what a plan prescribes in 7 days, for each kind of exercise and unit.

    ``volume_per_week = sets x amount x sessions per week``, summed within one category and one unit; units are never
    added up. Sessions per week follow from ``sessions_per_week``, else weekdays x ``sessions_per_day``, else 7 x
    ``sessions_per_day``. Both sides of the body count once.

    Args:
        plan_rows: Rows of ``plans`` of one plan version (pandas, Polars, or a sequence of `Prescription`).

    Returns:
        ``category`` (stretching, strengthening, stabilization, aerobic, or "not in catalogue"), ``unit`` (reps/week,
        s/week, min/week), ``volume_per_week``, ``n_exercises``, ``n_unknown`` (exercises whose amount or frequency is
        not prescribed: not in the sum). A volume is missing where no exercise of the group has one. The caller's kind
        of frame; pandas for prescriptions.

    Example:
        >>> from ptanalytics.plans.prescription import Prescription
        >>> plan = [Prescription("glute_bridge", sessions_per_week=3, sets=3, reps=12)]
        >>> weekly_volume(plan)[["category", "unit", "volume_per_week"]].values.tolist()
        [['strengthening', 'reps/week', 108.0]]
    """
    volume = _volume(plan_rows if isinstance(plan_rows, (tuple, list)) else prescriptions_of(plan_rows))
    return volume if isinstance(plan_rows, (pl.DataFrame, pl.LazyFrame)) else to_pandas(volume)


def compare_volume(before: Any, after: Any, goal: Mapping[tuple[str, str], float] | None = None) -> Any:
    """Set the weekly volume of two plans side by side, with the goal, as the chart draws it.

    Args:
        before: Plan rows now (pandas, Polars or a sequence of `Prescription`).
        after: Plan rows as edited.
        goal: Agreed volume by (category, unit), e.g. ``{("aerobic", "min/week"): 150.0}``.

    Returns:
        One row per category and unit of either plan or the goal: ``category``, ``unit``, ``before``, ``after``,
        ``change_pct`` (100 x (after - before) / before; missing where before is missing or 0), ``goal``,
        ``n_unknown_before``, ``n_unknown_after``. A category that one plan does not hold at all has 0 there; a volume
        that cannot be computed is missing.

    Example:
        >>> from ptanalytics.plans.prescription import Prescription
        >>> now = [Prescription("walk", sessions_per_week=3, duration_min=20)]
        >>> new = [Prescription("walk", sessions_per_week=3, duration_min=22)]
        >>> table = compare_volume(now, new, {("aerobic", "min/week"): 150.0})
        >>> table[["before", "after", "change_pct", "goal"]].values.tolist()
        [[60.0, 66.0, 10.0, 150.0]]
    """
    was, now = _by_group(before), _by_group(after)
    goals = dict(goal or {})
    groups = sorted({*was, *now, *goals}, key=lambda group: (_ORDER.get(group[0], len(_ORDER)), group[1]))
    absent = {"volume_per_week": 0.0, "n_unknown": 0}
    rows = []
    for group in groups:
        old, new = was.get(group, absent), now.get(group, absent)
        rows.append(
            {
                "category": group[0],
                "unit": group[1],
                "before": old["volume_per_week"],
                "after": new["volume_per_week"],
                "change_pct": _change_pct(old["volume_per_week"], new["volume_per_week"]),
                "goal": goals.get(group),
                "n_unknown_before": old["n_unknown"],
                "n_unknown_after": new["n_unknown"],
            }
        )
    numbers = dict.fromkeys(("before", "after", "change_pct", "goal"), pl.Float64)
    counts = dict.fromkeys(("n_unknown_before", "n_unknown_after"), pl.Int32)
    return to_pandas(pl.DataFrame(rows, schema={"category": pl.String, "unit": pl.String, **numbers, **counts}))


def _volume(prescriptions: Rows) -> pl.DataFrame:
    groups: dict[tuple[str, str], list[float | None]] = {}
    for one in prescriptions:
        listed = exercise_catalogue().get(one.exercise_id)
        category = listed.category if listed else UNLISTED
        unit = one.unit()
        groups.setdefault((category, VOLUME_UNITS[unit] if unit else NO_AMOUNT), []).append(_weekly(one))
    rows = [
        {
            "category": category,
            "unit": unit,
            "volume_per_week": sum(known) if (known := [one for one in volumes if one is not None]) else None,
            "n_exercises": len(volumes),
            "n_unknown": len(volumes) - len(known),
        }
        for (category, unit), volumes in sorted(groups.items(), key=lambda item: (_ORDER[item[0][0]], item[0][1]))
    ]
    return pl.DataFrame(rows, schema=_VOLUME_SCHEMA)


def _weekly(one: Prescription) -> float | None:
    volume, sessions = one.session_volume(), one.weekly_sessions()
    return None if volume is None or sessions is None else volume * sessions


def _by_group(plan_rows: Any) -> dict[tuple[str, str], dict[str, Any]]:
    volume = _volume(plan_rows if isinstance(plan_rows, (tuple, list)) else prescriptions_of(plan_rows))
    return {(row["category"], row["unit"]): row for row in volume.iter_rows(named=True)}


def _change_pct(before: float | None, after: float | None) -> float | None:
    return None if not before or after is None else 100 * (after - before) / before
