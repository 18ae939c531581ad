"""Severity bands of instruments, read from ``reference/bands.csv``."""

import csv
from functools import cache

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ptanalytics.errors import ReferenceDataError
from ptanalytics.reference import reference_file


class Band(BaseModel):
    """One band of a scale, up to ``upper`` (included or not); it begins where the band before it ends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instrument: str = Field(min_length=1)
    band: str = Field(min_length=1)
    label: str = Field(min_length=1)
    upper: float
    includes_upper: bool
    source: str = Field(min_length=1)

    def holds(self, score: float) -> bool:
        """Say whether a score is not above this band."""
        return score <= self.upper if self.includes_upper else score < self.upper


@cache
def bands(instrument_id: str) -> tuple[Band, ...]:
    """Return the bands of an instrument from low to high; empty where none is published.

    Example:
        >>> [band.band for band in bands("odi")]
        ['minimal', 'moderate', 'severe', 'very_severe', 'extreme']
    """
    return tuple(band for band in all_bands() if band.instrument == instrument_id)


@cache
def all_bands() -> tuple[Band, ...]:
    """Return every row of ``reference/bands.csv``.

    Raises:
        ReferenceDataError: A row has an unknown column, a missing source or an unreadable value.
    """
    lines = reference_file("bands.csv").read_text(encoding="utf-8").splitlines()
    try:
        return tuple(Band.model_validate(row) for row in csv.DictReader(lines))
    except ValidationError as error:
        raise ReferenceDataError(f"reference/bands.csv breaks its rules: {error.errors()[0]['msg']}.") from None


def band_expression(instrument_id: str, score: pl.Expr) -> pl.Expr:
    """Return the band of an unrounded score as an expression; missing where the score or the bands are missing.

    Example:
        >>> pl.select(band=band_expression("odi", pl.lit(20.0))).item()
        'minimal'
    """
    chosen = pl.lit(None, dtype=pl.String)
    for band in reversed(bands(instrument_id)):
        below = score <= band.upper if band.includes_upper else score < band.upper
        chosen = pl.when(below).then(pl.lit(band.band)).otherwise(chosen)
    return chosen
