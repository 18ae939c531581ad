"""How long a proposal for a 1 GB export takes: its head and tail are looked at, so the size should not matter.

    python benchmarks/suggest_layout.py [--megabytes 1000]

Printed are the seconds for a small and for the large CSV, and for the large one as Parquet. Target: under 1 s for 1 GB.
"""

import argparse
import tempfile
import time
from pathlib import Path

import polars as pl

import ptanalytics as pta

HEADING = b"Client no,Logged at,Exercise name,Sets,Reps,Weight kg,Pain after\n"
LINE = b"P%06d,2026-03-04 18:10,bird_dog,3,10,5.5,3\n"
TARGET_S = 1.0


def write_log(path: Path, n_bytes: int) -> None:
    """Write a log of at least so many bytes."""
    block = b"".join(LINE % number for number in range(20_000))
    with path.open("wb") as file:
        file.write(HEADING)
        while file.tell() < n_bytes:
            file.write(block)


def seconds(path: Path) -> float:
    """Return how long one proposal takes."""
    start = time.perf_counter()
    pta.suggest_layout(path)
    return time.perf_counter() - start


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=1000)
    wanted = parser.parse_args().megabytes << 20
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.csv"), Path(folder, "large.csv")
        write_log(small, 1)
        print(f"first proposal, small file: {seconds(small):.2f} s (with what is read once)")
        print(f"small file: {seconds(small):.2f} s")
        write_log(large, wanted)
        print(f"{wanted >> 20} MB as CSV: {seconds(large):.2f} s (target {TARGET_S} s)")
        pl.scan_csv(large).sink_parquet(large.with_suffix(".parquet"))
        print(f"the same as Parquet: {seconds(large.with_suffix('.parquet')):.2f} s")


if __name__ == "__main__":
    main()
