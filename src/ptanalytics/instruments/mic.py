"""Minimal important change and measurement error: which value is used, and who says so."""

import csv
import math
from functools import cache
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ptanalytics.errors import ReferenceDataError, SettingsError
from ptanalytics.instruments.catalogue import instrument, measure_ids
from ptanalytics.reference import reference_file
from ptanalytics.settings import Settings, default_settings

OWN_VALUE = "own value of this clinic"


class MicRow(BaseModel):
    """One published minimal important change."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instrument: str = Field(min_length=1)
    population: str = Field(min_length=1)
    method: str = Field(min_length=1)
    value: float = Field(gt=0)
    kind: Literal["points", "percent"]
    source: str = Field(min_length=1)
    doi: str
    is_default: bool

    @field_validator("doi")
    @classmethod
    def _is_doi(cls, doi: str) -> str:
        if doi and not doi.startswith("10."):
            message = "a DOI starts with 10."
            raise ValueError(message)
        return doi


class MicChoice(NamedTuple):
    """The value in use and where it comes from."""

    value: float | None
    source: str | None


@cache
def mic_table() -> tuple[MicRow, ...]:
    """Return every row of ``reference/mic.csv``: the default and the published alternatives.

    Raises:
        ReferenceDataError: A row has an unknown column, no source, or an unreadable value.
    """
    lines = reference_file("mic.csv").read_text(encoding="utf-8").splitlines()
    try:
        return tuple(MicRow.model_validate(row) for row in csv.DictReader(lines))
    except ValidationError as error:
        raise ReferenceDataError(f"reference/mic.csv breaks its rules: {error.errors()[0]['msg']}.") from None


def mic_for(measure: str, settings: Settings | None = None) -> MicChoice:
    """Return the minimal important change of a measure in its own unit, and its source.

    The clinic's own value (``settings.outcomes.mic``, its source in ``outcomes.mic_source``) wins over the default of
    ``reference/mic.csv``. A measure without a published value has none.

    Raises:
        SettingsError: The clinic's own values name a measure that does not exist, or are not above 0.

    Example:
        >>> mic_for("odi").value, mic_for("odi", default_settings().with_changes({"outcomes": {"mic": {"odi": 12}}}))
        (10.0, MicChoice(value=12.0, source='own value of this clinic'))
    """
    own = (settings or default_settings()).outcomes.mic
    if wrong := [name for name, value in own.items() if name not in measure_ids() or not value > 0]:
        message = (
            f"The setting outcomes.mic is wrong for: {', '.join(wrong)}. It takes a value above 0 for one of: "
            f"{', '.join(measure_ids())}."
        )
        raise SettingsError(message)
    if measure in own:
        named = (settings or default_settings()).outcomes.mic_source.get(measure)
        return MicChoice(own[measure], f"{OWN_VALUE}: {named}" if named else OWN_VALUE)
    for row in mic_table():
        if row.instrument == measure and row.kind == "points" and row.is_default:
            return MicChoice(row.value, f"{row.source}{f', doi:{row.doi}' if row.doi else ''}")
    return MicChoice(None, None)


def mdc_from_sem(sem: float, *, level_pct: Literal[90, 95] = 95) -> float:
    """Return the minimal detectable change of one person: ``z * sqrt(2) * SEM``, z = 1.96 (95 %) or 1.645 (90 %).

    Example:
        >>> round(mdc_from_sem(1.02), 6), round(mdc_from_sem(1.02, level_pct=90), 6)
        (2.827296, 2.372909)
    """
    return {90: 1.645, 95: 1.96}[level_pct] * math.sqrt(2) * sem


def mdc95_of(measure: str) -> float | None:
    """Return the MDC95 of a measure: as published, or from its published SEM; missing without either.

    Example:
        >>> mdc95_of("pcs")
        7.73
    """
    error = instrument(measure).measurement_error
    if error is None:
        return None
    return error.mdc95 if error.sem is None else mdc_from_sem(error.sem)
