"""The instruments this package knows, one TOML file each under ``reference/instruments``. No item wording is stored."""

import tomllib
from functools import cache
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ptanalytics.errors import ReferenceDataError
from ptanalytics.instruments.bands import Band
from ptanalytics.instruments.bands import bands as bands_of
from ptanalytics.reference import reference_file
from ptanalytics.settings import ScoringSettings

#: Listed first: the outcomes every low back pain study reports.
CORE_MEASURES = ("nprs", "nprs_7d", "odi", "rmdq24")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ItemRule(_Frozen):
    """Where one item differs from the others of its instrument."""

    minimum: float | None = None
    maximum: float | None = None
    #: Answers from here on count 1, others 0.
    counts_one_from: float | None = None


class ScoringRule(_Frozen):
    """How answers become a score. A limit is a number, or the name of the setting under ``[scoring]`` that holds it."""

    rule: Literal["sum", "mean", "percent_of_maximum", "count_ticked", "t_score", "profile"]
    item_minimum: float
    item_maximum: float
    #: Distance between allowed answers; missing: any number in the range.
    item_step: float | None = Field(default=None, gt=0)
    several_answers: Literal["highest", "no_score"]
    min_answered: int | str | None = None
    max_missing: int | str | None = None
    #: The stricter rule in use, taken with ``scoring.missing_rule = "strict"``.
    strict_min_answered: int | None = None
    strict_max_missing: int | None = None
    mode: str | None = None
    #: Items answered the other way round: ``lowest + highest answer - answer``.
    reversed: tuple[str, ...] = ()
    item_rules: dict[str, ItemRule] = {}
    #: Items are named by the patient, so every item id is one.
    open_items: bool = False
    #: With fewer items than this the score is flagged ``few_items``.
    few_items: int | None = None
    #: Name of a rule that gives a class from more than the score.
    risk_class: Literal["startback"] | None = None

    @model_validator(mode="after")
    def _settings_exist(self) -> Self:
        named = {name for name in (self.min_answered, self.max_missing, self.mode) if isinstance(name, str)}
        if unknown := named - set(ScoringSettings.model_fields):
            message = f"there is no scoring setting called {', '.join(sorted(unknown))}"
            raise ValueError(message)
        return self

    def needed(self, n_items: int, settings: ScoringSettings, instrument_id: str = "") -> int:
        """Return how many items must be answered: by the clinic's own limit, the strict or the default rule."""
        if instrument_id in settings.max_missing:
            return n_items - settings.max_missing[instrument_id]
        if settings.missing_rule == "strict":
            if self.strict_max_missing is not None:
                return n_items - self.strict_max_missing
            if self.strict_min_answered is not None:
                return self.strict_min_answered
        if self.max_missing is not None:
            return n_items - _limit(self.max_missing, settings)
        return n_items if self.min_answered is None else _limit(self.min_answered, settings)

    def is_checkbox(self, settings: ScoringSettings) -> bool:
        """Say whether an item left blank means no (a form of boxes to tick)."""
        return self.mode is not None and getattr(settings, self.mode) == "checkbox"


class MeasurementError(_Frozen):
    """Standard error of measurement or a published MDC95, with its source."""

    sem: float | None = Field(default=None, gt=0)
    mdc95: float | None = Field(default=None, gt=0)
    source: str = Field(min_length=1)
    doi: str = ""


class Derived(_Frozen):
    """A longer form that holds the same items under its own ids."""

    form: str = Field(min_length=1)
    items: tuple[str, ...]


class Instrument(_Frozen):
    """One scale: what it measures, its range and direction, how it is scored, and who says so.

    A form that is filled in may give several scales: ``form`` names the form where it is not the scale's own id, and
    ``unscored_items`` are items of the form that no scale uses.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=1)
    short_label: str = Field(min_length=1)
    version: str = Field(min_length=1)
    unit: str = Field(min_length=1)
    direction: Literal["lower_better", "higher_better"]
    minimum: float
    maximum: float
    allows_percent: bool
    has_immpact: bool = False
    recall: str = Field(min_length=1)
    #: ``outcome`` scales are measures of change; others are shown, not compared with a minimal important change.
    kind: Literal["outcome", "subscale", "screener", "anchor", "profile"] = "outcome"
    form: str = ""
    items: tuple[str, ...]
    unscored_items: tuple[str, ...] = ()
    #: Any answer above the lowest is shown to the clinician, whatever the score.
    alert_items: tuple[str, ...] = ()
    derived: Derived | None = None
    licence: str = Field(min_length=1)
    source: str = Field(min_length=1)
    doi: str = ""
    scoring: ScoringRule | None = None
    measurement_error: MeasurementError | None = None

    @property
    def form_id(self) -> str:
        """The form whose answers it is scored from."""
        return self.form or self.id

    @property
    def is_lower_better(self) -> bool:
        """Say whether less is better."""
        return self.direction == "lower_better"

    @property
    def bands(self) -> tuple[Band, ...]:
        """Severity bands from low to high; empty where none is published."""
        return bands_of(self.id)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.minimum >= self.maximum:
            message = "minimum must be below maximum"
            raise ValueError(message)
        has_items = bool(self.items) or (self.scoring is not None and self.scoring.open_items)
        if has_items != (self.scoring is not None) or len(set(self.items)) != len(self.items):
            message = "items and scoring must be given together, each item once"
            raise ValueError(message)
        if self.derived is not None and len(self.derived.items) != len(self.items):
            message = "a derived scale takes as many items from the longer form as it has"
            raise ValueError(message)
        named = {
            *self.alert_items,
            *(self.scoring.reversed if self.scoring else ()),
            *(self.scoring.item_rules if self.scoring else ()),
        }
        if not named <= set(self.items):
            message = "reversed items, item rules and alert items must be items of the scale"
            raise ValueError(message)
        if self.allows_percent and self.minimum != 0:
            message = "a percent rule needs a scale with a true zero"
            raise ValueError(message)
        return self


def instrument(instrument_id: str) -> Instrument:
    """Return an instrument by id.

    Raises:
        ReferenceDataError: There is no such instrument.

    Example:
        >>> instrument("odi").maximum
        100.0
    """
    try:
        return _catalogue()[instrument_id]
    except KeyError:
        message = f"There is no such instrument. Known: {', '.join(_catalogue())}. Add one under reference/instruments/."
        raise ReferenceDataError(message) from None


def instrument_ids() -> tuple[str, ...]:
    """Return the ids of all instruments.

    Example:
        >>> "rmdq24" in instrument_ids()
        True
    """
    return tuple(_catalogue())


def measure(measure_id: str) -> Instrument:
    """Return what a result column ``measure`` names: ``nprs`` (the daily pain log) or a scored instrument.

    Raises:
        ReferenceDataError: There is no such measure.

    Example:
        >>> measure("nprs").direction, measure("nprs").unit
        ('lower_better', 'points')
    """
    return instrument(measure_id)


def measure_ids() -> tuple[str, ...]:
    """Return every measure that change can be computed for: screeners, subscales and anchors are none.

    Example:
        >>> measure_ids()[0], "startback" in measure_ids()
        ('nprs', False)
    """
    return tuple(name for name, entry in _catalogue().items() if entry.kind == "outcome")


def form_ids() -> tuple[str, ...]:
    """Return the ids a form can be recorded under in the table `responses`.

    Example:
        >>> "fabq" in form_ids(), "fabq_pa" in form_ids()
        (True, False)
    """
    forms = {entry.form_id for entry in _catalogue().values()}
    return tuple(sorted(forms | {entry.derived.form for entry in _catalogue().values() if entry.derived}))


@cache
def _catalogue() -> dict[str, Instrument]:
    files = (f for f in reference_file("instruments").iterdir() if f.name.endswith(".toml"))
    found: dict[str, Instrument] = {}
    for file in sorted(files, key=lambda f: (f.name.removesuffix(".toml") not in CORE_MEASURES, f.name)):
        try:
            entry = Instrument.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        except (ValidationError, tomllib.TOMLDecodeError) as error:
            raise ReferenceDataError(f"reference/instruments/{file.name} breaks its rules: {error}") from None
        if entry.id != file.name.removesuffix(".toml"):
            raise ReferenceDataError(f"reference/instruments/{file.name} must hold the instrument it is named after.")
        found[entry.id] = entry
    return found


def _limit(value: int | str, settings: ScoringSettings) -> int:
    return int(getattr(settings, value)) if isinstance(value, str) else value
