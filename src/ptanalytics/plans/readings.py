"""What a suggestion rests on: one exercise's inputs, each with its days and number of readings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date

from ptanalytics.plans.prescription import Prescription
from ptanalytics.settings import TuningSettings


@dataclass(frozen=True)
class Measured:
    """One input with what stands behind it. ``value`` None: unknown, and ``reason`` says why."""

    value: float | bool | None = None
    n: int = 0
    from_date: date | None = None
    to_date: date | None = None
    reason: str | None = None


UNKNOWN = Measured(reason="not_recorded")


@dataclass(frozen=True)
class TuningInputs:
    """All inputs of the decision table for one exercise of one patient on one day. Frozen: what was shown stays shown."""

    exercise_id: str
    on_date: date
    prescription: Prescription
    red_flag: Measured = UNKNOWN
    flare_active: Measured = UNKNOWN
    flare_14d: Measured = UNKNOWN
    pain_during: Measured = UNKNOWN
    next_day_rise: Measured = UNKNOWN
    rpe: Measured = UNKNOWN
    completed: Measured = UNKNOWN
    adherence14: Measured = UNKNOWN
    sessions_14d: Measured = UNKNOWN
    slope: Measured = UNKNOWN
    slope_lo: Measured = UNKNOWN
    slope_hi: Measured = UNKNOWN
    days_since_change: Measured = UNKNOWN
    flag_label: str | None = None
    flag_date: date | None = None
    flare_start: date | None = None
    done_14d: float | None = None
    prescribed_14d: float | None = None
    #: Entries of the last 14 days that say "not done"; they are no sessions.
    skipped_14d: int = 0
    #: Repetitions per set done in the last sessions, oldest first (for the 2-for-2 rule).
    last_set_reps: tuple[float, ...] = field(default=())

    def measured(self) -> Mapping[str, Measured]:
        """Return every input by name, in the order of the table."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in found.items() if isinstance(value, Measured)}

    def values(self, tuning: TuningSettings) -> dict[str, float | bool | None]:
        """Return the bare values the rules compare, with ``settled`` derived from the next-day rise."""
        values = {name: one.value for name, one in self.measured().items()}
        return values | {"settled": settled(self.next_day_rise.value, tuning)}


def settled(next_day_rise: float | None, tuning: TuningSettings) -> bool | None:
    """Say whether pain had settled by the next morning: a rise of at most 1 yes, of 2 or more no, between unknown.

    Units: NPRS points, next morning minus before the session (clinical-methods 4.4). Missing: unknown.

    Example:
        >>> from ptanalytics.settings import default_settings
        >>> [settled(rise, default_settings().tuning) for rise in (1, 1.5, 2, None)]
        [True, None, False, None]
    """
    if next_day_rise is None:
        return None
    if next_day_rise <= tuning.settled_max_rise + 1e-9:
        return True
    return False if next_day_rise >= tuning.not_settled_min_rise - 1e-9 else None
