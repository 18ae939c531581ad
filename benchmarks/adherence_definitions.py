"""Adherence, whole: every analysis of session adherence, dose, persistence, bounds and coverage over one registry.

Run as ``python benchmarks/adherence_definitions.py --rows 10000000``. Each analysis runs in a process of its own, so that
its peak memory is its own; the registry is generated once by ``benchmarks/weekly_adherence.py``. Checked on the way: the
weekly table adds up to the summary, the summary's definitions are those of the comparison, and every logged row is an
entry of an exercise, of another exercise, or on a day that is not eligible.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from weekly_adherence import GENERATED, peak_gb, prepare

#: The analyses, by what they measure; the comparison of definitions runs most of the others inside and is timed apart.
SECTIONS = {
    "session adherence": ("weekly_adherence", "adherence_summary", "adherence_bounds"),
    "dose and intensity": ("exercise_adherence", "dose_adherence", "intensity_adherence"),
    "persistence": ("persistence", "time_to_discontinuation", "adherence_episodes"),
    "coverage and trust": ("logging_coverage", "adherence_sufficiency"),
}
APART = ("compare_adherence_definitions",)
LIMIT_SECONDS, LIMIT_GB = 30, 2


def run_one(name: str, folder: Path) -> None:
    """Run one analysis in this process; print its time, rows and memory."""
    import ptanalytics as pta
    from ptanalytics import adherence

    study = pta.open_study(folder / "registry.study")
    begin, busy = time.perf_counter(), time.process_time()
    result = getattr(adherence, name)(study)
    took, used = time.perf_counter() - begin, time.process_time() - busy
    rows = len(result.values if name in APART else result)
    print(json.dumps({"seconds": took, "cpu_seconds": used, "rows": rows, "peak_gb": peak_gb()}))


def measure(name: str, folder: Path) -> dict:
    command = [sys.executable, __file__, "--analysis", name, "--work", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def check_answers(folder: Path) -> None:
    """Stop unless the analyses agree with each other."""
    import numpy as np

    import ptanalytics as pta
    from ptanalytics.adherence import adherence_by_definition

    study = pta.open_study(folder / "registry.study")
    weekly, summary = pta.weekly_adherence(study), pta.adherence_summary(study).set_index("patient_id")
    sums = weekly.groupby("patient_id")[["counted", "prescribed"]].sum()
    both = summary.join(sums.add_suffix("_of_weeks"), how="inner")
    np.testing.assert_allclose(both["counted"], both["counted_of_weeks"])
    np.testing.assert_allclose(both["prescribed"], both["prescribed_of_weeks"], atol=1e-6)
    values = adherence_by_definition(study).pivot(index="patient_id", columns="definition", values="adherence_pct")
    for name in ("uncapped", "weekly_capped", "window_capped", "mean_of_weeks", "weeks_adherent"):
        np.testing.assert_allclose(values[name], summary.loc[values.index, f"{name}_pct"], atol=1e-9)
    dose = pta.dose_adherence(study).query("category == 'all'").set_index("patient_id")
    np.testing.assert_allclose(values["dose"], dose.loc[values.index, "capped_pct"], atol=1e-9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, help="folder of the registry; default benchmarks/generated/ROWS")
    parser.add_argument("--analysis", help="run one analysis only, for this script's own use")
    chosen = parser.parse_args()
    folder = chosen.work or GENERATED / str(chosen.rows)
    if chosen.analysis:
        run_one(chosen.analysis, folder)
        return
    prepare(folder, chosen.rows)
    print(f"Adherence of {chosen.rows:,} session rows, each analysis in its own process")
    print(f"{'analysis':34}{'seconds':>9}{'CPU s':>8}{'rows':>12}{'peak GB':>9}")
    total, peak = 0.0, 0.0
    for section, names in SECTIONS.items():
        for name in names:
            found = measure(name, folder)
            total, peak = total + found["seconds"], max(peak, found["peak_gb"])
            print_line(name, found)
        print(f"  ({section})")
    print(f"{'all of these':34}{total:9.2f}{'':8}{'':12}{peak:9.2f}   limit {LIMIT_SECONDS} s, {LIMIT_GB} GB")
    for name in APART:
        print_line(name, measure(name, folder))
    check_answers(folder)
    print("same answers checked: weeks and summary, summary and comparison, dose and comparison")


def print_line(name: str, found: dict) -> None:
    numbers = f"{found['seconds']:9.2f}{found['cpu_seconds']:8.2f}{found['rows']:12,}{found['peak_gb']:9.2f}"
    print(f"{name:34}{numbers}", flush=True)


if __name__ == "__main__":
    main()
