"""Run an analysis bucket by bucket: in this process, or on any ``concurrent.futures.Executor``.

A bucket holds every row of its patients, so an analysis of one bucket needs no other, and memory is bounded by a
few. In this process up to four buckets run at once, on threads: Polars and numpy leave the interpreter free, and about half
of an analysis is steps that use one core, which overlap with those of other buckets.
"""

import os
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from ptanalytics.errors import PtAnalyticsError
from ptanalytics.schemas.frames import empty_frame
from ptanalytics.schemas.tables import TABLES

Compute = Callable[..., pl.LazyFrame]

#: Buckets in memory together in this process, at most two a core. On 2 cores 4 took 10 % less time than 2, and 8 took more
#: again; each costs memory, and Polars uses the other cores inside a bucket.
_BUCKETS_AT_ONCE = 4


@dataclass(frozen=True)
class BucketTask:
    """All that a worker needs, named by files so that a later import does not change what it reads."""

    #: ``module:name`` of the analysis, or the function itself where it has no importable name (a notebook's own).
    compute: str | Compute
    #: The bucket's file of each table; None where the bucket has no rows of it.
    files: Mapping[str, Path | None]
    options: Mapping[str, Any]
    patients: tuple[str, ...] | None


def run_bucket(task: BucketTask) -> pl.DataFrame:
    """Run one analysis on one bucket and return its rows."""
    compute = _resolve(task.compute) if isinstance(task.compute, str) else task.compute
    frames = {table: bucket_frame(table, path, task.patients) for table, path in task.files.items()}
    return compute(**frames, **task.options).collect()


def bucket_frame(table: str, path: Path | None, patients: Sequence[str] | None) -> pl.LazyFrame:
    """Return one table of one bucket as a lazy frame; without a file it is empty."""
    frame = empty_frame(TABLES[table]).lazy() if path is None else pl.scan_parquet(path, glob=False)
    return frame if patients is None else frame.filter(pl.col("patient_id").is_in(list(patients)))


def run_tasks(tasks: Sequence[BucketTask], executor: Executor | None) -> pl.DataFrame:
    """Run tasks and return all their rows in the order of the tasks; without an executor on threads of this process.

    Raises:
        PtAnalyticsError: The executor cannot carry the analysis, or would deadlock.
    """
    if executor is not None:
        _refuse_fork(executor)
        return _submit_all(tasks, executor)
    at_once = min(_BUCKETS_AT_ONCE, len(tasks), 2 * (os.cpu_count() or 1))
    if at_once == 1:
        return pl.concat([run_bucket(task) for task in tasks])
    with ThreadPoolExecutor(at_once) as threads:
        return _submit_all(tasks, threads)


def _submit_all(tasks: Sequence[BucketTask], executor: Executor) -> pl.DataFrame:
    futures = [executor.submit(run_bucket, task) for task in tasks]
    try:
        return pl.concat([future.result() for future in futures])
    except (pickle.PicklingError, AttributeError) as error:
        if "pickle" not in str(error).lower():
            raise
        message = (
            "This analysis cannot be sent to other processes: its function or an option is defined in the notebook. "
            "Put it in a module of its own, or open the study without an executor."
        )
        raise PtAnalyticsError(message) from None
    finally:
        for future in futures:
            future.cancel()


def reference_to(compute: Compute) -> str | Compute:
    """Name a function so that another process can import it; a function without such a name stays itself."""
    module, name = getattr(compute, "__module__", None), getattr(compute, "__qualname__", "")
    if not module or module == "__main__" or "<" in name:
        return compute
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    # @analysis stands under the function's own name, so pickle would refuse the function by value.
    return f"{module}:{name}" if compute in (found, getattr(found, "compute", None)) else compute


def _resolve(reference: str) -> Compute:
    module, _, name = reference.partition(":")
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    compute: Compute = getattr(found, "compute", found)
    return compute


def _refuse_fork(executor: Executor) -> None:
    """Refuse a process pool that forks: Polars' threads do not survive a fork, and the worker would hang for ever."""
    context = getattr(executor, "_mp_context", None)
    if context is not None and context.get_start_method() == "fork":
        message = (
            "This process pool forks, and Polars would hang in it. Make it with "
            "ProcessPoolExecutor(mp_context=multiprocessing.get_context('spawn'))."
        )
        raise PtAnalyticsError(message)
