"""CMA1 to CMA9 of many supplies: ptanalytics and a straightforward loop over patients, with the same answers.

    python benchmarks/medication_events.py --events ../shared/data/medication_events/med.events.csv --rows 1000000

The published events are repeated with new patient ids until there are as many rows as asked for. The loop treats one
patient after the other, one event after the other, in plain pandas; it is run on part of the patients (--loop-patients) and
its time per patient is multiplied, because all of them would take minutes. Both run in this process, one after another.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

import ptanalytics as pta

START_DAY, WINDOW_DAYS, FOLLOWUP_DAYS = 182, 365, 730
CMA = [f"cma{i}" for i in range(1, 10)]


def repeated(events: Path, n_rows: int) -> pl.DataFrame:
    """Return the events as supplies, repeated with new patient ids."""
    columns = {
        "PATIENT_ID": "patient_id",
        "DATE": "supplied_date",
        "DURATION": "duration_days",
        "PERDAY": "daily_dose",
        "CATEGORY": "category",
    }
    once = (
        pl.read_csv(events)
        .rename(columns)
        .with_columns(
            pl.col("supplied_date").str.to_date("%m/%d/%Y"), pl.col("duration_days", "daily_dose").cast(pl.Float64)
        )
    )
    times = -(-n_rows // once.height)
    copies = pl.DataFrame({"copy": range(times)}).join(once, how="cross")
    return copies.with_columns(patient_id=pl.format("{}-{}", "patient_id", "copy")).drop("copy").head(n_rows)


def banked(days: list[float], durations: list[float], end: float) -> list[tuple[float, float, float]]:
    """Return for each event its day, what is available then, and the days to the next one."""
    rows, left = [], 0.0
    for i, (day, duration) in enumerate(zip(days, durations, strict=True)):
        interval = (days[i + 1] if i + 1 < len(days) else end) - day
        available = duration + left
        rows.append((day, available, interval))
        left = max(0.0, available - interval)
    return rows


def of_one_patient(group: pd.DataFrame) -> dict[str, float]:
    """Work out CMA1 to CMA9 of one patient, one event after the other."""
    group = group.sort_values(["supplied_date", "category", "daily_dose", "duration_days"])
    first = group["supplied_date"].iloc[0]
    days = [float((day - first).days) for day in group["supplied_date"]]
    pairs = [(day, length) for day, length in zip(days, group["duration_days"], strict=True) if day < FOLLOWUP_DAYS]
    start, end = START_DAY, START_DAY + WINDOW_DAYS
    inside = [(day, length) for day, length in pairs if start <= day < end]
    found = dict.fromkeys(CMA, float("nan"))
    if inside:
        first_in, last_in = inside[0][0], inside[-1][0]
        supply = sum(length for _, length in inside)
        found["cma2"] = supply / (end - first_in)
        found["cma4"] = min(1.0, found["cma2"])
        rows = banked([day for day, _ in inside], [length for _, length in inside], end)
        found["cma6"] = sum(min(available, interval) for _, available, interval in rows) / (end - first_in)
        if last_in > first_in:
            found["cma1"] = (supply - inside[-1][1]) / (last_in - first_in)
            found["cma3"] = min(1.0, found["cma1"])
            found["cma5"] = sum(min(a, i) for _, a, i in rows[:-1]) / (last_in - first_in)
    rows = banked([day for day, _ in pairs], [length for _, length in pairs], FOLLOWUP_DAYS)
    lag = 0.0
    for day, available, _ in rows:
        if day < start:
            lag = max(0.0, day + available - start)
    lagged = min(start + lag, end)
    covered = after_lag = weighted = 0.0
    for day, available, interval in rows:
        until = day + min(available, interval)
        covered += max(0.0, min(until, end) - max(day, start))
        after_lag += max(0.0, min(until, end) - max(day, lagged))
        share = min(1.0, available / interval) if interval > 0 else 1.0
        weighted += share * max(0.0, min(day + interval, end) - max(day, start))
    found["cma7"] = covered / WINDOW_DAYS
    found["cma8"] = after_lag / (end - lagged) if lagged < end else float("nan")
    found["cma9"] = weighted / WINDOW_DAYS
    return found


def in_a_loop(supplies: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({patient: of_one_patient(group) for patient, group in supplies.groupby("patient_id", sort=True)}).T


def with_ptanalytics(supplies: pl.DataFrame) -> pl.DataFrame:
    return pta.pharmacy_adherence(supplies=supplies, observation_start_day=START_DAY, observation_days=WINDOW_DAYS)


def best_of(times: int, run, *arguments):
    """Return the shortest of several runs in seconds, its processor time, and the answer."""
    seconds = []
    for _ in range(times):
        begin, busy = time.perf_counter(), time.process_time()
        answer = run(*arguments)
        seconds.append((time.perf_counter() - begin, time.process_time() - busy))
    return *min(seconds), answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=Path, required=True, help="AdhereR's med.events as CSV")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--loop-patients", type=int, default=3000)
    options = parser.parse_args()
    supplies = repeated(options.events, options.rows)
    n_patients = supplies["patient_id"].n_unique()
    fast, fast_busy, table = best_of(5, with_ptanalytics, supplies)
    some = supplies["patient_id"].unique(maintain_order=True).head(options.loop_patients).to_list()
    part = supplies.filter(pl.col("patient_id").is_in(some)).to_pandas()
    slow, slow_busy, loop = best_of(2, in_a_loop, part)
    slow, slow_busy = (seconds * n_patients / len(loop) for seconds in (slow, slow_busy))
    same = table.filter(pl.col("patient_id").is_in(some)).sort("patient_id").select(CMA).to_numpy()
    np.testing.assert_allclose(same.astype(float), loop.sort_index()[CMA].to_numpy(dtype=float), atol=1e-9)
    print(f"{supplies.height:,} supplies of {n_patients:,} patients, CMA1 to CMA9; same answers for {len(loop):,} patients")
    print("                     wall time   processor time")
    print(f"ptanalytics          {fast:8.2f} s {fast_busy:10.2f} s")
    print(f"loop over patients   {slow:8.2f} s {slow_busy:10.2f} s  (from {len(loop):,} patients)")
    print(f"ratio                {slow / fast:8.1f}   {slow_busy / fast_busy:10.1f}")


if __name__ == "__main__":
    main()
