"""Frames in and out: pandas or Polars from the caller, Polars inside, the caller's kind back."""

from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.errors import InvalidTableError, MissingColumnsError
from ptanalytics.schemas.model import TableModel, columns_of, row_rules, table_name

if TYPE_CHECKING:
    import pandas as pd

Frame = "pd.DataFrame | pl.DataFrame | pl.LazyFrame"


def empty_frame(model: type[TableModel]) -> pl.DataFrame:
    """Return the table without rows, with every column and type."""
    return pl.DataFrame(schema={name: info.dtype for name, info in columns_of(model).items()})


def is_pandas(frame: Any) -> bool:
    """Say whether a frame is pandas, without importing pandas."""
    return type(frame).__module__.split(".")[0] == "pandas"


def is_frame(frame: Any) -> bool:
    """Say whether something is a pandas or Polars frame."""
    return isinstance(frame, pl.DataFrame | pl.LazyFrame) or (is_pandas(frame) and hasattr(frame, "columns"))


def as_lazy(frame: Any) -> pl.LazyFrame:
    """Turn the caller's frame into a Polars lazy frame; column types stay as they are."""
    if isinstance(frame, pl.LazyFrame):
        return frame
    if isinstance(frame, pl.DataFrame):
        return frame.lazy()
    if is_pandas(frame):
        converted: pl.DataFrame = pl.from_pandas(frame)
        return converted.lazy()
    message = f"a table must be a pandas or Polars frame, not {type(frame).__name__}"
    raise InvalidTableError(f"{message}. Pass a DataFrame, for instance what an analysis of the study returned.")


def as_caller_kind(result: pl.DataFrame, kind: Any) -> Any:
    """Give a result back in the kind of frame the caller passed (``kind`` is one of the caller's frames)."""
    if isinstance(kind, pl.LazyFrame):
        return result.lazy()
    return result if isinstance(kind, pl.DataFrame) else to_pandas(result)


def to_pandas(frame: pl.DataFrame) -> "pd.DataFrame":
    """Turn a result into pandas with dates as datetime64, text as pandas strings and missing booleans kept missing."""
    import pandas as pd  # noqa: PLC0415 - pandas loads only when a pandas user is there

    nullable_booleans = [name for name, dtype in frame.schema.items() if dtype == pl.Boolean and frame[name].null_count()]
    nullable_integers = [name for name, dtype in frame.schema.items() if dtype.is_integer() and frame[name].null_count()]
    converted: pd.DataFrame = frame.to_pandas()
    return converted.assign(
        **{name: pd.array(frame[name].to_list(), dtype="boolean") for name in nullable_booleans},
        **{name: pd.array(frame[name].to_list(), dtype="Int32") for name in nullable_integers},
    )


def conform(frame: Any, model: type[TableModel], *, source: str = "") -> pl.LazyFrame:
    """Bring a frame to a table's columns and types; optional columns that are absent become missing.

    Raises:
        MissingColumnsError: A required column is absent.
        InvalidTableError: A column cannot be read as its type.
    """
    lazy = as_lazy(frame)
    have = lazy.collect_schema()
    infos = columns_of(model)
    missing = [name for name, info in infos.items() if info.is_required and name not in have]
    if missing:
        raise MissingColumnsError(missing, found=have.names(), source=source or f"The table '{table_name(model)}'")
    return lazy.select(_as_type(name, have.get(name), info.dtype, table_name(model)) for name, info in infos.items())


def _as_type(name: str, have: pl.DataType | None, want: pl.DataType, table: str) -> pl.Expr:
    column = pl.col(name)
    if have is None:
        return pl.lit(None, dtype=want).alias(name)
    if have.is_float() and want == pl.Float64:
        return column.cast(pl.Float64).fill_nan(None)  # pandas writes missing as NaN; here missing is null
    if have == want:
        return column.fill_nan(None) if want == pl.Float64 else column
    if have == pl.String and want in (pl.Date, pl.Datetime):
        return column.str.to_datetime(strict=True, time_unit="us").cast(want)
    if isinstance(have, pl.Datetime) and have.time_zone is not None and want in (pl.Date, pl.Datetime):
        raise InvalidTableError(
            f"Column '{name}' of '{table}' carries the time zone {have.time_zone}. Times in tables are local wall-clock "
            "times: convert with .dt.tz_convert(zone).dt.tz_localize(None), or load the export with timezone=."
        )
    if have in (pl.Object, pl.List, pl.Struct):
        raise InvalidTableError(f"Column '{name}' of '{table}' holds {have}, but {want} is needed. Convert it first.")
    return column.cast(want, strict=True)


def refuse_broken_rows(frame: pl.LazyFrame, model: type[TableModel]) -> None:
    """Refuse a frame with rows that break the table's rules; what an import would set aside must not be averaged.

    Raises:
        InvalidTableError: With the rules broken and how many rows break each, never a value.
    """
    rules = row_rules(model)
    broken = [(~rule.holds.fill_null(value=False)).sum().alias(rule.rule_id) for rule in rules]
    counts = frame.select(broken).collect().row(0, named=True)
    faults = [f"{rule.sentence} ({counts[rule.rule_id]} rows)" for rule in rules if counts[rule.rule_id]]
    if faults:
        raise InvalidTableError(
            f"The frame given as '{table_name(model)}' breaks its rules: {'; '.join(faults)}. "
            "Correct these rows, or load the export with load_exports, which sets them aside with a reason."
        )
