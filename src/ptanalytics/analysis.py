"""One definition of an analysis, three ways to call it: a study, pandas frames, or Polars frames.

An analysis names its tables as parameters and is a pure function of lazy Polars frames. ``@analysis`` makes it
callable with a `Study` (run bucket by bucket, pandas back) or with frames (the caller's kind back). Charts, apps and
reports call the same function; other analyses call its ``compute`` on lazy frames.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import polars as pl

from ptanalytics.errors import InvalidTableError, MissingTableError
from ptanalytics.schemas.frames import as_caller_kind, conform, empty_frame, is_frame, refuse_broken_rows, to_pandas
from ptanalytics.schemas.model import TableModel, sort_of
from ptanalytics.schemas.tables import TABLES
from ptanalytics.settings import Settings, default_settings

Compute = Callable[..., pl.LazyFrame]


@runtime_checkable
class TableSource(Protocol):
    """What an analysis needs of a study: run a pure function on every bucket, and the run's defaults."""

    def run(
        self,
        compute: Compute,
        *,
        tables: Sequence[str],
        optional: Sequence[str],
        options: Mapping[str, Any],
        patients: Sequence[str] | None = None,
        name: str = "analysis",
    ) -> pl.DataFrame:
        """Run ``compute(**frames, **options)`` on each bucket and return all rows."""

    def run_defaults(self) -> Mapping[str, Any]:
        """Return values for the options ``settings`` and ``cutoff_date`` where the caller gives none."""


class Analysis:
    """A callable analysis. ``compute`` is the pure function; ``returns`` is the schema of its result."""

    def __init__(self, compute: Compute, returns: type[TableModel], optional: Sequence[str]) -> None:
        self.compute = compute
        self.returns = returns
        self.name = compute.__name__
        parameters = inspect.signature(compute).parameters.values()
        self.tables = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        self.options = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        self.optional = tuple(optional)
        unknown = [name for name in (*self.tables, *self.optional) if name not in TABLES]
        if unknown:
            message = f"{self.name} names tables that do not exist: {unknown}"
            raise TypeError(message)
        self.__doc__ = compute.__doc__
        self.__name__ = self.__qualname__ = compute.__name__
        self.__module__ = compute.__module__
        self.__wrapped__ = compute

    def __call__(self, *args: Any, patients: Any = None, **given: Any) -> Any:
        """Run on a study (``analysis(study)``) or on frames (``analysis(sessions=..., plans=...)``).

        ``patients`` is the ids to keep; a frame there is the table of that name, for analyses that use it.
        """
        if is_frame(patients):
            given["patients"], patients = patients, None
        if args and isinstance(args[0], TableSource):
            if len(args) > 1:
                message = f"{self.name} takes one study, or tables by name."
                raise InvalidTableError(message)
            return self._on_study(args[0], patients, given)
        frames = dict(zip(self.tables, args, strict=False)) | {n: given.pop(n) for n in self.tables if n in given}
        return self._on_frames({n: f for n, f in frames.items() if f is not None}, patients, given)

    def _on_study(self, study: TableSource, patients: Sequence[str] | None, given: dict[str, Any]) -> Any:
        options = self._options(given, study.run_defaults())
        result = study.run(
            self.compute, tables=self.tables, optional=self.optional, options=options, patients=patients, name=self.name
        )
        return to_pandas(_in_order(result, sort_of(self.returns)))

    def _on_frames(self, frames: dict[str, Any], patients: Sequence[str] | None, given: dict[str, Any]) -> Any:
        lazy = {}
        for name in self.tables:
            if name in frames:
                lazy[name] = conform(frames[name], TABLES[name])
            elif name in self.optional:
                lazy[name] = empty_frame(TABLES[name]).lazy()
            else:
                raise MissingTableError(self.name, name, frames)
        with columns_read(self.name):
            for name in frames:
                refuse_broken_rows(lazy[name], TABLES[name])
            found = self.compute(**lazy, **self._options(given, {}))
            # Who is asked for must not change what is found: the cutoff is the latest day of everybody.
            result = (found if patients is None else found.filter(pl.col("patient_id").is_in(list(patients)))).collect()
        return as_caller_kind(_in_order(result, sort_of(self.returns)), next(iter(frames.values()), None))

    def _options(self, given: dict[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        unknown = [name for name in given if name not in self.options]
        if unknown:
            message = (
                f"{self.name} has no option or table called {', '.join(unknown)}. "
                f"Tables: {', '.join(self.tables)}. Options: {', '.join(self.options) or 'none'}."
            )
            raise InvalidTableError(message)
        options = {name: None if default is inspect.Parameter.empty else default for name, default in self.options.items()}
        options |= {name: value for name, value in defaults.items() if name in options and options[name] is None}
        options |= {name: value for name, value in given.items() if value is not None}
        if "settings" in options and not isinstance(options["settings"], Settings):
            base = defaults.get("settings") or default_settings()
            options["settings"] = base.with_changes(options["settings"]) if options["settings"] else base
        return options


@contextmanager
def columns_read(name: str) -> Iterator[None]:
    """Turn a failed cast of a caller's column into a sentence without a value.

    Raises:
        InvalidTableError: A column cannot be read as its type.
    """
    try:
        yield
    except pl.exceptions.InvalidOperationError as error:
        # Polars names the failing values in its message, so it must not reach the user.
        column = str(error).partition("column '")[2].partition("'")[0]
        message = (
            f"A column given to {name} cannot be read as its type{f' (near {column})' if column else ''}. "
            "Load the export with load_exports, which says for each cell what is wrong."
        )
        raise InvalidTableError(message) from None


def _in_order(rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Sort rows by ``keys``; rows that are in order are not touched.

    A bucket has all rows of its patients, and analyses mostly return them in order. Then only the patients are sorted, and
    their rows moved together, at a third of the cost of comparing an id for each row.
    """
    first, *rest = (pl.col(key) for key in keys)
    is_after = pl.lit(value=True)
    for key in reversed(rest):
        is_after = (key > key.shift()) | ((key == key.shift()) & is_after)
    is_in_place = ((first != first.shift()) | is_after).slice(1).fill_null(value=False)
    runs = rows[keys[0]].rle().struct.unnest()
    if runs["value"].n_unique() < runs.height or not rows.lazy().select(is_in_place.all()).collect().item():
        return rows.sort(keys)
    if runs["value"].is_sorted():
        return rows
    runs = runs.with_columns(end=pl.col("len").cum_sum()).sort("value")
    places = runs.select(pl.int_ranges(pl.col("end") - pl.col("len"), "end")).to_series().explode()
    return rows.rechunk()[places]


def analysis(*, returns: type[TableModel], optional: Sequence[str] = ()) -> Callable[[Compute], Analysis]:
    """Make a pure function of lazy tables callable with a study or with frames.

    The function's positional parameters are table names of the contract; its keyword-only parameters are options.
    ``settings`` and ``cutoff_date`` default to the study's own. A table named in ``optional`` may be absent (then empty).

    Args:
        returns: Schema of the result table.
        optional: Tables that may be absent.

    Returns:
        A decorator that makes an `Analysis`.
    """

    def decorate(compute: Compute) -> Analysis:
        return Analysis(compute, returns, optional)

    return decorate
