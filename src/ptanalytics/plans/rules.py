"""The decision table as data: conditions, rules and step sizes of ``reference/tuning_rules.toml``, checked on load."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ptanalytics.errors import ReferenceDataError
from ptanalytics.reference import reference_file
from ptanalytics.settings import TuningSettings

Outcome = Literal[
    "REVIEW_FLAG",
    "CONSIDER_REGRESS",
    "HOLD_REVIEW_TREND",
    "HOLD_ADDRESS_ADHERENCE",
    "INSUFFICIENT_DATA",
    "HOLD",
    "CONSIDER_PROGRESS",
]

Test = Literal[">", ">=", "<", "<=", "true", "false", "missing"]

#: What a condition may be asked about: input name -> number, yes or no, or None where it is unknown.
Values = Mapping[str, float | bool | None]

_TOLERANCE = 1e-9


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputInfo(_Frozen):
    """How one input is named and shown."""

    name: str
    label: str
    unit: str
    factor: float = 1


class Condition(_Frozen):
    """One comparison of one input with a setting or a fixed value."""

    input: str
    test: Test
    words: str
    setting: str | None = None
    value: float | None = None

    @model_validator(mode="after")
    def _has_one_threshold(self) -> "Condition":
        needs = self.test in {">", ">=", "<", "<="}
        if needs == (self.setting is None and self.value is None):
            message = "a comparison needs a setting or a value, any other test neither"
            raise ValueError(message)
        if self.setting is not None and self.setting not in TuningSettings.model_fields:
            message = f"there is no setting tuning.{self.setting}"
            raise ValueError(message)
        return self

    def threshold(self, tuning: TuningSettings) -> float | None:
        """Return the number the input is compared with."""
        return float(getattr(tuning, self.setting)) if self.setting else self.value

    def holds(self, values: Values, tuning: TuningSettings) -> bool:
        """Say whether the condition is met; with an unknown input only ``missing`` is."""
        found = values.get(self.input)
        if found is None or self.test == "missing":
            return found is None and self.test == "missing"
        if self.test in {"true", "false"}:
            return bool(found) is (self.test == "true")
        limit = self.threshold(tuning)
        if limit is None:  # pragma: no cover - refused on load
            return False
        return _COMPARE[self.test](float(found), limit)


_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": lambda value, limit: value > limit + _TOLERANCE,
    ">=": lambda value, limit: value >= limit - _TOLERANCE,
    "<": lambda value, limit: value < limit - _TOLERANCE,
    "<=": lambda value, limit: value <= limit + _TOLERANCE,
}


class Rule(_Frozen):
    """One row of the decision table. A rule without conditions always matches: the last one."""

    id: str
    outcome: Outcome
    sentence: str
    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()


class StepSizes(_Frozen):
    """How large one step is (clinical-methods 4.5)."""

    reps_step: int = Field(gt=0)
    reps_max: int = Field(gt=0)
    hold_step_s: int = Field(gt=0)
    hold_max_s: int = Field(gt=0)
    minutes_growth_pct: float = Field(gt=0)
    minutes_max: int = Field(gt=0)
    sessions_per_week_max: int = Field(gt=0)
    load_increment_kg: float = Field(gt=0)
    regress_volume_pct: int = Field(gt=0, lt=100)
    regress_volume_min_pct: int = Field(gt=0, lt=100)
    regress_volume_max_pct: int = Field(gt=0, lt=100)
    walk_start_share_pct: float = Field(gt=0, le=100)
    walk_start_min: int = Field(gt=0)
    reps_surplus: int = Field(gt=0)
    surplus_sessions: int = Field(gt=0)


class DecisionTable(_Frozen):
    """The whole file: inputs, conditions, rules in order, step sizes."""

    rules_version: str
    source: str = Field(min_length=1)
    input: tuple[InputInfo, ...]
    condition: dict[str, Condition]
    rule: tuple[Rule, ...]
    progression: StepSizes

    @model_validator(mode="after")
    def _is_complete(self) -> "DecisionTable":
        inputs = {one.name for one in self.input}
        faults = [f"condition {n} asks for {c.input}" for n, c in self.condition.items() if c.input not in inputs]
        for rule in self.rule:
            faults += [f"rule {rule.id} asks for {n}" for n in (*rule.any_of, *rule.all_of) if n not in self.condition]
        if len({rule.id for rule in self.rule}) != len(self.rule):
            faults.append("a rule id is used twice")
        if not self.rule or self.rule[-1].any_of or self.rule[-1].all_of:
            faults.append("the last rule must have no condition")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def matches(self, rule: Rule, values: Values, tuning: TuningSettings) -> bool:
        """Say whether a rule's conditions are met."""
        holds = {name: self.condition[name].holds(values, tuning) for name in (*rule.any_of, *rule.all_of)}
        return all(holds[name] for name in rule.all_of) and (not rule.any_of or any(holds[name] for name in rule.any_of))

    def first_match(self, values: Values, tuning: TuningSettings) -> Rule:
        """Return the first rule from the top whose conditions are met; there is always exactly one."""
        return next(rule for rule in self.rule if self.matches(rule, values, tuning))


@cache
def decision_table() -> DecisionTable:
    """Return the decision table of ``reference/tuning_rules.toml``.

    Raises:
        ReferenceDataError: A rule asks for a condition, an input or a setting that does not exist.
    """
    return read_decision_table(tomllib.loads(reference_file("tuning_rules.toml").read_text(encoding="utf-8")))


def read_decision_table(content: Mapping[str, Any]) -> DecisionTable:
    """Check the content of a rule file.

    Raises:
        ReferenceDataError: It is incomplete or asks for something that does not exist.
    """
    try:
        return DecisionTable.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        message = f"reference/tuning_rules.toml is wrong: {faults}. Correct these entries."
        raise ReferenceDataError(message) from None


def step_sizes() -> StepSizes:
    """Return how large one step is."""
    return decision_table().progression
