"""Rows staged by bucket come back as they came, in the order of their places, whoever wrote first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from ptanalytics.study.bucket_files import REJECTED, BucketFiles


def batch(number: int, n: int = 50) -> pl.DataFrame:
    """Rows of every kind of column, some missing."""
    return pl.DataFrame(
        {
            "patient_id": np.arange(n, dtype=np.uint32),
            "session_id": [None if row % 7 == 0 else f"a session of {number} and {row}" for row in range(n)],
            "started_at": [datetime(2026, 3, 1 + row % 28, 18, number) for row in range(n)],
            "rpe": [None if row % 5 == 0 else row / 4 for row in range(n)],
            "row": np.arange(number * n, number * n + n, dtype=np.uint32),
        }
    )


def test_each_bucket_gets_its_rows_in_the_order_of_the_batches(tmp_path: Path) -> None:
    files = BucketFiles(tmp_path, "1.ipc", 3)
    batches = [batch(number) for number in range(12)]
    buckets = (np.arange(50) % 4).astype(np.uint16)
    with ThreadPoolExecutor(4) as pool:
        for work in [pool.submit(files.write, batches[n], buckets, (n // 5, n)) for n in reversed(range(12))]:
            work.result()
    files.close()
    for bucket in range(3):
        expected = pl.concat(one.filter(pl.Series(buckets == bucket)) for one in batches)
        assert files.read(bucket).equals(expected)
    rejected = pl.read_ipc(tmp_path / REJECTED / "1.ipc")
    assert sorted(rejected["row"].to_list()) == [row for row in range(600) if row % 50 % 4 == 3]


def test_a_bucket_without_rows_has_no_file(tmp_path: Path) -> None:
    files = BucketFiles(tmp_path, "1.ipc", 3)
    files.write(batch(0), np.ones(50, dtype=np.uint16), (0, 0))
    files.close()
    assert [files.has(bucket) for bucket in range(3)] == [False, True, False]
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_rows_with_long_texts_are_not_written_to_every_bucket(tmp_path: Path) -> None:
    rows = pl.DataFrame({"patient_id": pl.Series(range(80), dtype=pl.UInt32), "note": ["x" * 10_000] * 80})
    files = BucketFiles(tmp_path, "1.ipc", 8)
    files.write(rows, (np.arange(80) % 8).astype(np.uint16), (0, 0))
    files.close()
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*.ipc")) < 2 * 80 * 10_000
