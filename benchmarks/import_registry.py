"""How long importing a registry into a study takes, against a bare Polars conversion of the same CSV to Parquet.

    python benchmarks/import_registry.py [--rows 10000000] [--buckets 8]

Each case runs in a process of its own, on the same rows, one after the other. The bare conversion types columns as Polars
guesses and checks nothing; the import types every cell by the table's rules, checks every row, finds duplicates, sorts
by patient and time into buckets, and makes it all current in one step. Cases: a new study; a tenth of the rows (its memory
should be the same); the same file again; a newer export with the same rows and one in a hundred more; the same rows in
files of 50,000. On a machine that does other work as well, trust the ratio of processor times. Targets: at most 2.5 times
as long as the bare conversion, below 2 GB, the same file again under 5 % of the import.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

GENERATED = Path(__file__).parent / "generated"
MAX_RATIO, MAX_PEAK_GB, MAX_AGAIN_PCT = 2.5, 2.0, 5.0
ROWS_PER_FILE = 50_000


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


def import_into(study: str, exports: Path, buckets: int) -> dict[str, float]:
    """Import into a study, which is made where it is not there."""
    import ptanalytics.study.importing  # noqa: F401 - as with Polars, loading the program is not what is measured
    from ptanalytics.study import create_study, open_study

    path = GENERATED / study
    cpu_before, begun = cpu_seconds(), time.perf_counter()
    opened = open_study(path) if path.exists() else create_study(path, timezone="Europe/London", buckets=buckets)
    receipt = opened.import_exports(exports)
    seconds, cpu = time.perf_counter() - begun, cpu_seconds()
    figures = {"seconds": seconds, "cpu_seconds": cpu, "own_cpu_seconds": cpu - cpu_before, "peak_gb": peak_gb()}
    return figures | {"rows_used": receipt.rows_used, "rows_unchanged": receipt.rows_unchanged}


def import_new(csv: Path, buckets: int) -> dict[str, float]:
    """Import into a new study."""
    shutil.rmtree(GENERATED / "import.study", ignore_errors=True)
    return import_into("import.study", csv, buckets)


def import_tenth(csv: Path, buckets: int) -> dict[str, float]:
    """Import a tenth of the rows into a new study."""
    shutil.rmtree(GENERATED / "tenth.study", ignore_errors=True)
    return import_into("tenth.study", csv.with_suffix(".tenth.csv"), buckets)


def import_same(csv: Path, buckets: int) -> dict[str, float]:
    """Import the same file again."""
    return import_into("import.study", csv, buckets)


def import_newer(csv: Path, buckets: int) -> dict[str, float]:
    """Import a newer export that holds all the old rows and some more."""
    return import_into("import.study", csv.with_suffix(".newer.csv"), buckets)


def import_files(csv: Path, buckets: int) -> dict[str, float]:
    """Import the same rows in many files."""
    shutil.rmtree(GENERATED / "files.study", ignore_errors=True)
    return import_into("files.study", csv.with_suffix(".files"), buckets)


STEPS = {
    "bare": convert_bare,
    "import": import_new,
    "tenth": import_tenth,
    "same": import_same,
    "newer": import_newer,
    "files": import_files,
}
LABELS = {
    "bare": "Polars scan_csv().sink_parquet()",
    "import": "study.import_exports, new study",
    "tenth": "a tenth of the rows, new study",
    "same": "the same file again",
    "newer": "a newer export, 1 % more rows",
    "files": f"the same rows in files of {ROWS_PER_FILE:,}",
}


def write_others(csv: Path, n_rows: int) -> None:
    """Cut the registry into the other cases' exports."""
    import polars as pl

    tenth, newer, files = (csv.with_suffix(ending) for ending in (".tenth.csv", ".newer.csv", ".files"))
    rows = pl.scan_csv(csv, infer_schema=False)
    if not tenth.exists():
        rows.head(n_rows // 10).sink_csv(tenth)
    if not newer.exists():
        shutil.copyfile(csv, newer)
        more = rows.tail(n_rows // 100).with_columns(session_id=pl.format("N{}", "session_id")).collect()
        with newer.open("ab") as stream:
            more.write_csv(stream, include_header=False)
    if not files.exists():
        files.mkdir()
        with csv.open("rb") as stream:
            heading = stream.readline()
            for number in range(-(-n_rows // ROWS_PER_FILE)):
                with (files / f"sessions_{number:04}.csv").open("wb") as part:
                    part.write(heading)
                    part.writelines(islice(stream, ROWS_PER_FILE))


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
    write_others(csv, chosen.rows)
    print(f"{chosen.rows:,} rows, {csv.stat().st_size / 1e9:.2f} GB, {chosen.buckets} buckets")
    print(f"{'':36}{'time':>9}{'ratio':>8}{'processor':>11}{'ratio':>8}{'peak':>10}")
    found: dict[str, dict[str, float]] = {}
    is_same = False
    for step, label in LABELS.items():
        figures = found[step] = measured(step, csv, chosen.buckets)
        if step == "import":
            is_same = same_data(chosen.rows)
        times = [f"{figures[kind]:.1f} s" for kind in ("seconds", "cpu_seconds")]
        ratios = [f"{figures[kind] / found['bare'][kind]:.1f} x" for kind in ("seconds", "cpu_seconds")]
        print(f"{label:36}{times[0]:>9}{ratios[0]:>8}{times[1]:>11}{ratios[1]:>8}{figures['peak_gb']:7.2f} GB", flush=True)
    again_pct = 100 * found["same"]["seconds"] / found["import"]["seconds"]
    again_cpu_pct = 100 * found["same"]["own_cpu_seconds"] / found["import"]["own_cpu_seconds"]
    print(f"the same file again: {again_pct:.1f} % of the import's time, {again_cpu_pct:.1f} % of its processor time")
    print(f"same rows and values: {'yes' if is_same else 'NO'}; used again: {found['same']['rows_used']}")
    is_fast = found["import"]["seconds"] / found["bare"]["seconds"] <= MAX_RATIO and again_pct <= MAX_AGAIN_PCT
    is_small = max(figures["peak_gb"] for figures in found.values()) <= MAX_PEAK_GB
    is_right = is_same and not found["same"]["rows_used"] and found["newer"]["rows_used"] == chosen.rows // 100
    return 0 if is_fast and is_small and is_right else 1


if __name__ == "__main__":
    sys.exit(main())
