"""The definitions of adherence that a reviewer may ask for: the headline, and what one rule changed does to it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from ptanalytics.adherence.observed import Inputs, Observed
from ptanalytics.adherence.prescribed import excused_spans
from ptanalytics.adherence.weekly import weeks_of
from ptanalytics.settings import Settings

#: More sessions than anybody logs on a day.
_ANY_NUMBER = 1000
#: Any part of a session, but not an entry that says nothing was done.
_ANY_PART = 1e-6


@dataclass(frozen=True)
class Definition:
    """One definition of adherence in words, and what it changes in the settings."""

    definition: str
    group: str
    rule: str
    changes: Mapping[str, Mapping[str, Any]] | None = None


def _changing(definition: str, group: str, rule: str, **changes: Any) -> Definition:
    return Definition(definition, group, rule, {"adherence": changes})


#: The cap rules, all by the settings of the run; then the headline's cap with one rule changed; then other quantities.
CAPS = (
    Definition("uncapped", "cap", "sessions counted / prescribed, may exceed 100 %"),
    Definition("weekly_capped", "cap", "each week counts at most what was prescribed in it"),
    Definition("window_capped", "cap", "all weeks together count at most what was prescribed"),
    Definition("mean_of_weeks", "cap", "mean of the weekly shares, each week the same weight"),
    Definition("weeks_adherent", "cap", "share of whole weeks at or above the cut"),
)
VARIANTS = (
    Definition("plan_weeks", "weeks", "weeks from the plan's first day", {"time": {"week_anchor": "plan"}}),
    Definition("iso_weeks", "weeks", "weeks from Monday to Sunday", {"time": {"week_anchor": "iso"}}),
    _changing("prorate_fractional", "prorating", "prescribed by the eligible day", prorate="fractional"),
    _changing("prorate_none", "prorating", "a full week as soon as one day is eligible", prorate="none"),
    _changing("prorate_round", "prorating", "prescribed sessions rounded to whole ones", prorate="round_half_up"),
    _changing("makeup_week", "makeup", "any day of the week may make up for another", makeup="week"),
    _changing("makeup_exact", "makeup", "with fixed days only the scheduled day counts", makeup="exact"),
    _changing("makeup_window", "makeup", "with fixed days the scheduled day and those near it", makeup="window"),
    _changing("any_part", "counting", "a session counts however little was done", session_min_fraction=_ANY_PART),
    _changing("in_full", "counting", "a session counts only when all of it was done", session_min_fraction=1.0),
    _changing("any_number_a_day", "counting", "every session of a day counts", max_sessions_per_day=_ANY_NUMBER),
    _changing("holidays_excused", "excuses", "holidays are excused unless recorded otherwise", excused={"holiday": True}),
)
NOTHING_EXCUSED = Definition("nothing_excused", "excuses", "no pause is excused")
UNKNOWN_LEFT_OUT = Definition(
    "unknown_days_left_out", "unknown days", "days without an entry are left out, where the log tells them from not done"
)
DOSE = Definition("dose", "dose", "volume done / prescribed, mean over exercises, each week capped")

DEFINITIONS = (*CAPS, *VARIANTS, NOTHING_EXCUSED, UNKNOWN_LEFT_OUT, DOSE)


def weeks_by_variant(inputs: Inputs, observed: Observed, settings: Settings) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the weekly table of every variant that differs from the settings of the run.

    Args:
        inputs: The tables as read.
        observed: What counts by the settings of the run.
        settings: Settings of the run.
    """
    for variant in VARIANTS:
        changed = settings.with_changes(variant.changes or {})
        if changed != settings:
            yield variant.definition, weeks_of(_OBSERVED[variant.group](inputs, observed, changed), changed)
    bare = replace(inputs, excused=inputs.excused.clear())
    yield NOTHING_EXCUSED.definition, weeks_of(bare.observed(settings), settings)


def _as_it_is(_: Inputs, observed: Observed, __: Settings) -> Observed:
    return observed


def _counted_anew(inputs: Inputs, _: Observed, settings: Settings) -> Observed:
    return inputs.observed(settings)


def _excused_anew(inputs: Inputs, _: Observed, settings: Settings) -> Observed:
    return replace(inputs, excused=excused_spans(inputs.pauses, settings)).observed(settings)


#: What must be looked at anew when a rule of the group changes.
_OBSERVED: dict[str, Callable[[Inputs, Observed, Settings], Observed]] = {
    "weeks": _as_it_is,
    "prorating": _as_it_is,
    "makeup": _as_it_is,
    "counting": _counted_anew,
    "excuses": _excused_anew,
}
