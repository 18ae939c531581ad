"""The worklist's rules as data: ``reference/worklist_rules.toml``, checked on load and turned into Polars expressions."""

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ptanalytics.errors import ReferenceDataError
from ptanalytics.reference import reference_file
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.worklist_results import WorklistInputs
from ptanalytics.settings import Settings, default_settings

_TOLERANCE = 1e-9
_NOT_RECORDED = "none recorded"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Frozen):
    """One comparison of one input with a fixed value or a setting."""

    input: str
    test: Literal[">", ">=", "<", "<=", "true", "false"]
    value: float | None = None
    setting: str | None = None
    factor: float = 1

    @model_validator(mode="after")
    def _is_complete(self) -> "Condition":
        if self.input not in columns_of(WorklistInputs):
            message = f"there is no input {self.input}"
            raise ValueError(message)
        needs_limit = self.test not in {"true", "false"}
        if needs_limit != ((self.value is None) != (self.setting is None)):
            message = f"{self.input} {self.test} needs either a value or a setting, true and false neither"
            raise ValueError(message)
        if self.setting is not None:
            _setting(self.setting, default_settings())
        return self

    def holds(self, settings: Settings) -> pl.Expr:
        """Return an expression that is true where the condition is met; a missing input never meets it."""
        found = pl.col(self.input)
        if self.test in {"true", "false"}:
            return (found == (self.test == "true")).fill_null(value=False)
        limit = self.limit(settings)
        met = {
            ">": found > limit + _TOLERANCE,
            ">=": found >= limit - _TOLERANCE,
            "<": found < limit - _TOLERANCE,
            "<=": found <= limit + _TOLERANCE,
        }
        return met[self.test].fill_null(value=False)

    def limit(self, settings: Settings) -> float:
        """Return the number the input is compared with."""
        given = _setting(self.setting, settings) if self.setting else self.value
        return float(given or 0) * self.factor


def _setting(name: str, settings: Settings) -> float:
    found: Any = settings
    for part in name.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, int | float) or isinstance(found, bool):
        message = f"there is no number called {name} in the settings"
        raise ValueError(message)
    return found


class Rule(_Frozen):
    """One reason to contact somebody."""

    id: str = Field(min_length=1)
    priority: int = Field(ge=1)
    label: str = Field(min_length=1)
    sentence: str = Field(min_length=1)
    source: str = Field(min_length=1)
    all_of: tuple[Condition, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_inputs(self) -> "Rule":
        unknown = [name for name in self.inputs() if name not in columns_of(WorklistInputs)]
        if unknown:
            message = f"the sentence names inputs that do not exist: {', '.join(unknown)}"
            raise ValueError(message)
        return self

    def inputs(self) -> list[str]:
        """Return the inputs its sentence shows."""
        return [name for _, name, _, _ in string.Formatter().parse(self.sentence) if name]

    def holds(self, settings: Settings) -> pl.Expr:
        """Return an expression that is true where all conditions are met."""
        return pl.all_horizontal([condition.holds(settings) for condition in self.all_of])

    def why(self) -> pl.Expr:
        """Return the sentence with the patient's numbers in it."""
        parts = []
        for literal, name, _, _ in string.Formatter().parse(self.sentence):
            parts.append(pl.lit(literal))
            if name:
                parts.append(_in_words(name))
        return pl.concat_str(parts)


def _in_words(name: str) -> pl.Expr:
    """Write an input: days as ISO dates, numbers with one decimal at most, rounded half away from zero."""
    kind = columns_of(WorklistInputs)[name].dtype
    value = pl.col(name)
    if kind == pl.Float64:
        tenths = (value * 10 + 0.5 + _TOLERANCE).floor().cast(pl.Int64)
        whole = (tenths // 10).cast(pl.String)
        words = pl.when(tenths % 10 == 0).then(whole).otherwise(pl.concat_str(whole, pl.lit("."), tenths % 10))
    else:
        words = value.cast(pl.String)
    return words.fill_null(_NOT_RECORDED)


class RuleTable(_Frozen):
    """The whole file."""

    rules_version: str
    rule: tuple[Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_unique_ids(self) -> "RuleTable":
        if len({rule.id for rule in self.rule}) != len(self.rule):
            message = "a rule id is used twice"
            raise ValueError(message)
        return self


@cache
def worklist_rules() -> tuple[Rule, ...]:
    """Return the rules of ``reference/worklist_rules.toml`` in order of priority.

    Raises:
        ReferenceDataError: A rule asks for an input or a setting that does not exist.
    """
    return read_rules(tomllib.loads(reference_file("worklist_rules.toml").read_text(encoding="utf-8")))


def read_rules(content: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Check the content of a rule file; a clinic's own rules are read the same way.

    Raises:
        ReferenceDataError: It is incomplete or asks for something that does not exist.
    """
    try:
        table = RuleTable.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        message = f"The worklist rules are wrong: {faults}. Correct these entries."
        raise ReferenceDataError(message) from None
    return tuple(sorted(table.rule, key=lambda rule: (rule.priority, rule.id)))
