"""From inputs to one suggestion for a clinician to review: its rule, sentence, inputs, step and nearest alternatives."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from ptanalytics.errors import SuggestionsOffError
from ptanalytics.plans.alternatives import nearest_alternatives
from ptanalytics.plans.progression import Step, progress_step, regress_steps
from ptanalytics.plans.readings import Measured, TuningInputs
from ptanalytics.plans.rules import InputInfo, Outcome, Rule, decision_table
from ptanalytics.settings import Settings, TuningSettings, default_settings

#: What stands beside every suggestion.
REVIEW_NOTE = "For clinician review."

_NO_STEP = "none within the bounds; choose with the person"
_OUTCOME_WORDS: Mapping[Outcome, str] = {
    "REVIEW_FLAG": "Review the recorded flag",
    "CONSIDER_REGRESS": "Consider easing",
    "HOLD_REVIEW_TREND": "Hold, review the trend",
    "HOLD_ADDRESS_ADHERENCE": "Hold, address adherence",
    "INSUFFICIENT_DATA": "Not enough data",
    "HOLD": "Hold",
    "CONSIDER_PROGRESS": "Consider one step up",
}


@dataclass(frozen=True)
class ShownInput:
    """One input as it stands beside a suggestion."""

    name: str
    label: str
    #: The value in words, e.g. ``4/10``, ``yes``; ``unknown`` where it is missing.
    value: str
    n: int
    from_date: date | None
    to_date: date | None
    reason: str | None

    @property
    def dates(self) -> str:
        """Return the days behind the value, e.g. ``2026-03-02 to 2026-03-04``, or an empty text."""
        if self.from_date is None or self.from_date == self.to_date or self.to_date is None:
            return str(self.from_date or self.to_date or "")
        return f"{self.from_date} to {self.to_date}"


@dataclass(frozen=True)
class Suggestion:
    """One suggestion. It changes nothing by itself and is never shown to a patient."""

    exercise_id: str
    on_date: date
    rule_id: str
    outcome: Outcome
    #: The outcome in plain words, e.g. ``Consider one step up``.
    headline: str
    sentence: str
    inputs: tuple[ShownInput, ...]
    #: What one step would be: one for a progression, several ways down for a regression, none otherwise.
    steps: tuple[Step, ...]
    #: The two nearest alternatives, e.g. ``would be CONSIDER_PROGRESS if RPE ≤ 5``.
    alternatives: tuple[str, ...]
    rules_version: str
    note: str = REVIEW_NOTE

    @property
    def step(self) -> Step | None:
        """Return the first proposed step, or None."""
        return self.steps[0] if self.steps else None


def suggest(
    inputs: TuningInputs, settings: Settings | None = None, *, load_increment_kg: float | None = None
) -> Suggestion:
    """Evaluate the decision table for one exercise, top-down, first match.

    Missing inputs never fire a rule; a progression needs every input of its rule. The thresholds are those of
    ``settings.tuning``; the pain ceiling is the plan's own where that is lower.

    Args:
        inputs: From `tuning_inputs`.
        settings: The study's settings.
        load_increment_kg: Smallest load step of the equipment; missing: 0.5 kg.

    Returns:
        Exactly one `Suggestion`, for clinician review.

    Raises:
        SuggestionsOffError: The site has not switched suggestions on.

    References:
        Thomee 1997, doi:10.1093/ptj/77.12.1690; Silbernagel 2007, doi:10.1177/0363546506298279 (pain monitoring, tendon
        and knee pain, not validated in low back pain). The table itself is a project default.
    """
    settings = settings or default_settings()
    if not settings.tuning.enabled:
        message = (
            "Plan suggestions are off in this study. Switch them on once with "
            "PlanRecords(study).enable_suggestions(who=..., role=...) after reading the statement of intended use; "
            "everything else of the Plan tuner works without them."
        )
        raise SuggestionsOffError(message)
    tuning = _with_own_ceiling(inputs, settings.tuning)
    table = decision_table()
    values = inputs.values(tuning)
    rule = table.first_match(values, tuning)
    steps = _steps(rule, inputs, settings, load_increment_kg)
    return Suggestion(
        exercise_id=inputs.exercise_id,
        on_date=inputs.on_date,
        rule_id=rule.id,
        outcome=rule.outcome,
        headline=_OUTCOME_WORDS[rule.outcome],
        sentence=_sentence(rule, inputs, settings, tuning, steps),
        inputs=tuple(_shown(info, inputs, values) for info in table.input),
        steps=steps,
        alternatives=() if rule.outcome == "REVIEW_FLAG" else nearest_alternatives(table, rule, values, tuning),
        rules_version=settings.rules_version,
    )


def _with_own_ceiling(inputs: TuningInputs, tuning: TuningSettings) -> TuningSettings:
    ceiling = inputs.prescription.pain_ceiling_nprs
    return tuning if ceiling is None else tuning.model_copy(update={"amber_max": min(ceiling, tuning.amber_max)})


def _steps(rule: Rule, inputs: TuningInputs, settings: Settings, load_increment_kg: float | None) -> tuple[Step, ...]:
    if rule.outcome == "CONSIDER_REGRESS":
        return regress_steps(inputs.prescription)
    if rule.outcome != "CONSIDER_PROGRESS":
        return ()
    step = progress_step(
        inputs.prescription,
        last_set_reps=inputs.last_set_reps,
        load_increment_kg=load_increment_kg,
        settings=settings,
    )
    return () if step is None else (step,)


def _sentence(rule: Rule, inputs: TuningInputs, settings: Settings, tuning: TuningSettings, steps: tuple[Step, ...]) -> str:
    facts = {name: number_in_words(one.value) for name, one in inputs.measured().items()}
    return rule.sentence.format(
        **facts,
        flag_date=inputs.flag_date or "an unknown day",
        flag_label=inputs.flag_label or "not named",
        flare_start=inputs.flare_start or "an unknown day",
        flare_delta=number_in_words(settings.outcomes.flare.delta),
        ceiling=number_in_words(tuning.amber_max),
        done=number_in_words(inputs.done_14d),
        prescribed=number_in_words(inputs.prescribed_14d),
        min_days=tuning.min_days_between_changes,
        step=steps[0].words if steps else _NO_STEP,
    )


def _shown(info: InputInfo, inputs: TuningInputs, values: Mapping[str, float | bool | None]) -> ShownInput:
    basis: Measured = inputs.next_day_rise if info.name == "settled" else inputs.measured()[info.name]
    value = values[info.name]
    if value is None:
        words = "unknown"
    elif isinstance(value, bool):
        words = "yes" if value else _no(info.name)
    else:
        space = "" if info.unit in {"/10", ""} else " "
        words = f"{number_in_words(value * info.factor)}{space}{info.unit}"
    return ShownInput(info.name, info.label, words, basis.n, basis.from_date, basis.to_date, basis.reason)


def _no(name: str) -> str:
    # What nobody recorded is not known to be absent, so a flag is never answered with "no".
    return "none recorded" if name == "red_flag" else "no"


def number_in_words(value: float | bool | None, decimals: int = 1) -> str:
    """Show a number with at most one decimal, halves away from zero; ``unknown`` where it is missing.

    Example:
        >>> number_in_words(4.0), number_in_words(0.25), number_in_words(None)
        ('4', '0.3', 'unknown')
    """
    if value is None:
        return "unknown"
    rounded = Decimal(str(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{rounded:f}".rstrip("0").rstrip(".") if "." in f"{rounded:f}" else f"{rounded:f}"
