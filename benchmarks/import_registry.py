"""How long importing a registry into a study takes, against a bare Polars conversion of the same CSV to Parquet.

    python benchmarks/import_registry.py [--rows 10000000] [--buckets 8]

Both run in a process of their own, on the same file, one after the other. The bare conversion types columns as Polars
guesses and checks nothing; the import types every cell by the table's rules, checks every row, finds duplicates, sorts
by patient and time into buckets, and makes it all current in one step. On a machine that does other work as well, trust
the ratio of processor times. Targets: at most 4 times as long, below 3 GB.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

GENERATED = Path(__file__).parent / "generated"
MAX_RATIO, MAX_PEAK_GB = 4.0, 3.0


def peak_gb() -> float:
    """Return the highest memory this process had."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says of a child begins with the memory of its parent
        lines = (line.split() for line in status.read_text().splitlines())
        return next(int(words[1]) for words in lines if words[0] == "VmHWM:") * 1024 / 1e9
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)


def cpu_seconds() -> float:
    """Return the processor time this process used, on all cores."""
    return sum(os.times()[:2])


def convert_bare(csv: Path, _buckets: int) -> dict[str, float]:
    """Convert as anybody would."""
    import polars as pl

    begun = time.perf_counter()
    pl.scan_csv(csv).sink_parquet(GENERATED / "bare.parquet")
    return {"seconds": time.perf_counter() - begun, "cpu_seconds": cpu_seconds(), "peak_gb": peak_gb()}


def import_into_study(csv: Path, buckets: int) -> dict[str, float]:
    """Import into a new study."""
    from ptanalytics.study import create_study

    shutil.rmtree(GENERATED / "import.study", ignore_errors=True)
    begun = time.perf_counter()
    study = create_study(GENERATED / "import.study", timezone="Europe/London", buckets=buckets)
    steps: list[tuple[str, float]] = []
    receipt = study.import_exports(csv, progress=lambda what, _done, _of: steps.append((what, time.perf_counter() - begun)))
    seconds = time.perf_counter() - begun
    for what, at in steps:
        print(f"  {at:6.2f} s  {what}", file=sys.stderr)
    return {"seconds": seconds, "cpu_seconds": cpu_seconds(), "peak_gb": peak_gb(), "rows_used": receipt.rows_used}


def import_again(csv: Path, _buckets: int) -> dict[str, float]:
    """Import a newer export that holds all the old rows: the same lines in another file."""
    from ptanalytics.study import open_study

    longer = csv.with_suffix(".again.csv")
    shutil.copyfile(csv, longer)
    with longer.open("rb+") as stream:
        stream.seek(-1, 2)
        if stream.read(1) != b"\n":
            stream.write(b"\n")
        first_row = csv.open("rb").readlines(4096)[1]
        stream.write(first_row)
    begun = time.perf_counter()
    receipt = open_study(GENERATED / "import.study").import_exports(longer)
    seconds = time.perf_counter() - begun
    longer.unlink()
    return {"seconds": seconds, "cpu_seconds": cpu_seconds(), "peak_gb": peak_gb(), "rows_used": receipt.rows_used}


STEPS = {"bare": convert_bare, "import": import_into_study, "again": import_again}


def measured(step: str, csv: Path, buckets: int) -> dict[str, float]:
    """Run one step in a process of its own."""
    command = [sys.executable, __file__, "--step", step, "--csv", str(csv), "--buckets", str(buckets)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def checksums(frame) -> dict[str, float]:
    """Return the number of rows and sums that any lost, doubled or altered cell would change."""
    import polars as pl

    text = [pl.col(name).hash(1).sum().alias(name) for name in ("patient_id", "session_id", "exercise_id")]
    numbers = [pl.col(name).cast(pl.Float64).sum().round(3) for name in ("completed_fraction", "pain_during_nprs", "rpe")]
    moment = pl.col("started_at").dt.timestamp("ms").sum().alias("started_at")
    return frame.select(pl.len().alias("rows"), *text, *numbers, moment).collect(engine="streaming").row(0, named=True)


def same_data(n_rows: int) -> bool:
    """Say whether the study holds exactly the rows of the CSV."""
    import polars as pl

    from ptanalytics.study import open_study

    bare = pl.scan_parquet(GENERATED / "bare.parquet")
    if bare.collect_schema()["started_at"] == pl.String:
        bare = bare.with_columns(pl.col("started_at").str.to_datetime(time_unit="us"))
    expected, found = checksums(bare), checksums(open_study(GENERATED / "import.study").lazy("sessions"))
    return expected == found and found["rows"] == n_rows


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--buckets", type=int, default=8)
    options.add_argument("--step", choices=STEPS)
    options.add_argument("--csv", type=Path)
    chosen = options.parse_args()
    if chosen.step:
        print(json.dumps(STEPS[chosen.step](chosen.csv, chosen.buckets)))
        return 0
    GENERATED.mkdir(exist_ok=True)
    csv = GENERATED / f"registry_{chosen.rows}.csv"
    if not csv.exists():
        from ptanalytics.samples import write_registry

        write_registry(csv, chosen.rows)
    print(f"{chosen.rows:,} rows, {csv.stat().st_size / 1e9:.2f} GB, {chosen.buckets} buckets")
    bare, imported = measured("bare", csv, chosen.buckets), measured("import", csv, chosen.buckets)
    is_same = same_data(chosen.rows)
    again = measured("again", csv, chosen.buckets)
    ratio = imported["seconds"] / bare["seconds"]
    print(f"{'':34}{'time':>9}{'ratio':>8}{'processor':>11}{'ratio':>8}{'peak':>10}")
    for label, figures in (
        ("Polars scan_csv().sink_parquet()", bare),
        ("study.import_exports, new study", imported),
        ("the same rows in a newer export", again),
    ):
        times = [f"{figures[kind]:.1f} s" for kind in ("seconds", "cpu_seconds")]
        ratios = [f"{figures[kind] / bare[kind]:.1f} x" for kind in ("seconds", "cpu_seconds")]
        print(f"{label:34}{times[0]:>9}{ratios[0]:>8}{times[1]:>11}{ratios[1]:>8}{figures['peak_gb']:7.2f} GB")
    print(f"same rows and values: {'yes' if is_same else 'NO'}; rows used again: {again['rows_used']}")
    return 0 if is_same and ratio <= MAX_RATIO and imported["peak_gb"] <= MAX_PEAK_GB and not again["rows_used"] else 1


if __name__ == "__main__":
    sys.exit(main())
