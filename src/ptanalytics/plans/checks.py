"""What stands in the way of signing a draft, and what to think about first: plain sentences, found before signing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ptanalytics.plans.catalogue import exercise_name
from ptanalytics.plans.draft import Change, PlanDraft
from ptanalytics.plans.prescription import DOSE_FIELDS, FIELD_WORDS, Prescription, listed_weekdays
from ptanalytics.plans.readings import TuningInputs
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.tables import Plans
from ptanalytics.settings import Settings, TuningSettings, default_settings


@dataclass(frozen=True)
class Finding:
    """One sentence about a draft. A blocker must be solved before signing; a warning is for the clinician to weigh."""

    kind: Literal["blocker", "warning"]
    sentence: str


def check_draft(
    draft: PlanDraft,
    *,
    who: str = "",
    role: str = "",
    reason: str = "",
    has_unresolved_flag: bool = False,
    inputs: Mapping[str, TuningInputs] | None = None,
    valid_from_date: date | None = None,
    settings: Settings | None = None,
) -> tuple[Finding, ...]:
    """List blockers and warnings of a draft, blockers first.

    Args:
        draft: The edited plan.
        who: Who signs.
        role: In which role, e.g. physical therapist.
        reason: Why the plan changes.
        has_unresolved_flag: Whether a recorded red flag of the patient is unresolved.
        inputs: Inputs of suggestions by exercise, for warnings about recent changes and pain.
        valid_from_date: First day of the new version; missing: not checked.
        settings: Thresholds.

    Returns:
        `Finding` s; no finding of kind ``blocker`` means the draft may be signed.
    """
    tuning = (settings or default_settings()).tuning
    changes = draft.changes()
    blockers = [
        *_about_content(draft, changes, tuning),
        *_about_flag(changes, has_unresolved_flag=has_unresolved_flag),
        *_about_start(draft, valid_from_date),
        *_about_signer(who, role, reason),
    ]
    warnings = [
        *_several_variables(changes),
        *_from_inputs(changes, inputs or {}, tuning),
        *_without_dose(draft),
    ]
    return (*(Finding("blocker", one) for one in blockers), *(Finding("warning", one) for one in warnings))


def blockers(findings: Iterable[Finding]) -> list[str]:
    """Return the sentences of the blockers."""
    return [one.sentence for one in findings if one.kind == "blocker"]


def warnings(findings: Iterable[Finding]) -> list[str]:
    """Return the sentences of the warnings."""
    return [one.sentence for one in findings if one.kind == "warning"]


def _about_content(draft: PlanDraft, changes: tuple[Change, ...], tuning: TuningSettings) -> Iterable[str]:
    if not changes:
        yield "Nothing was changed yet."
    if not draft.exercises:
        yield "The plan would hold no exercise. Keep at least one, or record a pause instead."
    for one in draft.exercises:
        yield from (f"{exercise_name(one.exercise_id)}: {fault}." for fault in _out_of_bounds(one, tuning))


def _out_of_bounds(one: Prescription, tuning: TuningSettings) -> Iterable[str]:
    columns = columns_of(Plans)
    if not 1 <= len(one.exercise_id) <= 200:
        yield "an exercise id has 1 to 200 characters"
    for field in DOSE_FIELDS:
        value, info = getattr(one, field), columns[field]
        low, high = info.minimum, info.maximum
        if value is None or isinstance(value, str) or low is None or high is None:
            continue
        if not low <= value <= high:
            yield f"{FIELD_WORDS[field][0]} must be {low:g} to {high:g}{FIELD_WORDS[field][1]}"
        elif field == "sessions_per_day" and value != int(value):
            yield "sessions per day must be a whole number"
    if one.weekdays is not None and not _is_weekdays(one.weekdays):
        yield "weekdays are written like mon,wed,fri"
    if one.rpe_min is not None and one.rpe_max is not None and one.rpe_min > one.rpe_max:
        yield "the lowest effort is above the highest"
    if one.pain_ceiling_nprs is not None and one.pain_ceiling_nprs > tuning.amber_max:
        yield f"the pain ceiling is above {tuning.amber_max:g}/10, the highest the clinic's settings allow"


def _is_weekdays(weekdays: str) -> bool:
    named = [day.strip().lower() for day in weekdays.split(",")]
    return len(set(named)) == len(named) and set(named) == set(listed_weekdays(weekdays))


def _about_flag(changes: tuple[Change, ...], *, has_unresolved_flag: bool) -> Iterable[str]:
    if has_unresolved_flag and any(change.is_progression for change in changes):
        yield "A recorded flag is unresolved. Making the plan harder waits until it is reviewed; easing it does not."


def _about_start(draft: PlanDraft, valid_from_date: date | None) -> Iterable[str]:
    if valid_from_date and draft.base_from_date and valid_from_date < draft.base_from_date:
        yield f"The new version would start before version {draft.base_version} did. Choose a later first day."


def _about_signer(who: str, role: str, reason: str) -> Iterable[str]:
    if not who.strip():
        yield "Say who signs."
    if not role.strip():
        yield "Say in which role."
    if not reason.strip():
        yield "Say why the plan changes."


def _several_variables(changes: tuple[Change, ...]) -> Iterable[str]:
    harder: dict[str, int] = {}
    for change in changes:
        if change.is_progression and change.field is not None:
            harder[change.exercise_id] = harder.get(change.exercise_id, 0) + 1
    for exercise_id, n_changed in harder.items():
        if n_changed > 1:
            yield f"{exercise_name(exercise_id)}: {n_changed} variables go up at once. One at a time shows what did it."


def _from_inputs(changes: tuple[Change, ...], inputs: Mapping[str, TuningInputs], tuning: TuningSettings) -> Iterable[str]:
    harder = dict.fromkeys(change.exercise_id for change in changes if change.is_progression)
    for exercise_id in harder:
        if exercise_id not in inputs:
            continue
        known = inputs[exercise_id]
        name, days, pain = exercise_name(exercise_id), known.days_since_change.value, known.pain_during.value
        if days is not None and days < tuning.min_days_between_changes:
            yield f"{name} was changed {days:g} days ago; allow at least {tuning.min_days_between_changes} days."
        own = known.prescription.pain_ceiling_nprs
        ceiling = tuning.amber_max if own is None else min(own, tuning.amber_max)
        if pain is not None and pain > ceiling:
            yield f"{name}: pain during exercise reached {pain:g}/10, above the agreed ceiling of {ceiling:g}."


def _without_dose(draft: PlanDraft) -> Iterable[str]:
    for one in draft.exercises:
        if one.weekly_sessions() is None:
            yield f"{exercise_name(one.exercise_id)}: no frequency is given, so no session is prescribed by it."
        if one.session_volume() is None:
            yield f"{exercise_name(one.exercise_id)}: no amount is given, so it has no weekly volume."
