"""Weekly adherence of a registry: ptanalytics over a study, hand-written DuckDB and pandas over flat Parquet files.

    python benchmarks/weekly_adherence.py --rows 10000000

Each engine runs in a process of its own (the best of its repeats, and its peak memory), one after another and round by
round, so that what else the machine does falls on all of them alike; processor time, which a busy machine disturbs less,
is shown too. The answers must agree before a ratio is shown.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

THREADS = 2
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GENERATED = Path(__file__).parent / "generated"
COMPARED = ["patient_id", "week", "eligible_days", "prescribed", "counted", "logged", "adherence_pct"]


def prepare(folder: Path, n_rows: int) -> None:
    """Write the registry as flat Parquet files and the same rows as a study of 8 buckets; once per size."""
    import polars as pl

    import ptanalytics as pta

    if (folder / "registry.study").exists():
        n_found = pta.open_study(folder / "registry.study").n_rows("sessions")
        if n_found != n_rows:
            raise SystemExit(f"{folder} holds a registry of {n_found:,} session rows. Name another folder with --work.")
        return
    folder.mkdir(parents=True, exist_ok=True)
    pta.write_registry(
        folder / "sessions.parquet", n_rows, plans_path=folder / "plans.parquet", pauses_path=folder / "pauses.parquet"
    )
    study = pta.create_study(folder / "unfinished.study", timezone="Europe/London", buckets=8, is_synthetic=True)
    for table in ("plans", "pauses", "sessions"):
        study.append_rows(table, pl.read_parquet(folder / f"{table}.parquet"), origin="generated registry")
    (folder / "unfinished.study").rename(folder / "registry.study")


def with_ptanalytics(folder: Path):
    import ptanalytics as pta

    return pta.weekly_adherence(pta.open_study(folder / "registry.study"))


def with_ptanalytics_on_threads(folder: Path):
    import ptanalytics as pta

    with ThreadPoolExecutor(THREADS) as executor:
        return pta.weekly_adherence(pta.open_study(folder / "registry.study", executor=executor))


def with_duckdb(folder: Path):
    import duckdb

    accrual = ", ".join(
        "max(CASE WHEN sessions_per_week IS NOT NULL THEN sessions_per_week "
        f"WHEN weekdays IS NOT NULL THEN 7 * contains(weekdays, '{day}')::INT * coalesce(sessions_per_day, 1) "
        f"ELSE 7 * sessions_per_day END) AS a{i}"
        for i, day in enumerate(WEEKDAYS)
    )
    monday = "DATE '1899-12-31' - 6"  # a Monday before every date, so that // rounds down
    weekday_sum = " + ".join(f"a{i} * ((t - ({monday}) - {i}) // 7 - (f - 1 - ({monday}) - {i}) // 7)" for i in range(7))
    sql = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    connection = duckdb.connect(config={"threads": THREADS})
    connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
    return connection.execute(sql.format(data=folder, accrual=accrual, weekday_sum=weekday_sum)).df()


def with_pandas(folder: Path):
    """The same steps in pandas, vectorised, with categories for text and intervals for plan versions."""
    import numpy as np
    import pandas as pd

    log = pd.read_parquet(
        folder / "sessions.parquet",
        columns=["patient_id", "session_id", "exercise_id", "started_at", "completed_fraction"],
    )
    plans = pd.read_parquet(folder / "plans.parquet")
    pauses = pd.read_parquet(folder / "pauses.parquet")
    cutoff = log["started_at"].max().normalize()
    for i, day in enumerate(WEEKDAYS):
        fixed = 7.0 * plans["weekdays"].str.contains(day) * plans["sessions_per_day"].fillna(1)
        plans[f"a{i}"] = plans["sessions_per_week"].fillna(fixed.astype("float64")).fillna(7.0 * plans["sessions_per_day"])
    accruals = [f"a{i}" for i in range(7)]
    versions = (
        plans.groupby(["patient_id", "plan_version"])
        .agg(
            from_date=("valid_from_date", "min"),
            to_date=("valid_to_date", "max"),
            n_items=("exercise_id", "size"),
            max_per_day=("sessions_per_day", "max"),
            **{a: (a, "max") for a in accruals},
        )
        .reset_index()
        .sort_values(["patient_id", "from_date"])
    )
    versions[["from_date", "to_date"]] = versions[["from_date", "to_date"]].astype("datetime64[us]")
    versions["max_per_day"] = versions["max_per_day"].fillna(1)
    by_patient = versions.groupby("patient_id")["from_date"]
    versions["start_date"] = by_patient.transform("min")
    superseded = by_patient.shift(-1) - pd.Timedelta(days=1)
    versions["to_date"] = pd.concat([versions["to_date"], superseded], axis=1).min(axis=1).fillna(cutoff).clip(upper=cutoff)
    versions = versions[versions["from_date"] <= versions["to_date"]]

    excused = pauses["is_excused"].fillna(pauses["kind"] != "holiday").astype(bool)
    holds = pauses.loc[excused, ["patient_id", "from_date", "to_date"]].astype(
        {"from_date": "datetime64[us]", "to_date": "datetime64[us]"}
    )
    holds["to_date"] = holds["to_date"].fillna(cutoff)
    held = versions.merge(holds, on="patient_id", suffixes=("", "_hold"))
    held["from_date"] = held[["from_date", "from_date_hold"]].max(axis=1)
    held["to_date"] = held[["to_date", "to_date_hold"]].min(axis=1)
    held = held[held["from_date"] <= held["to_date"]]
    spans = pd.concat([versions.assign(sign=1), held.assign(sign=-1)])
    start, first, last = (
        spans[c].to_numpy().astype("datetime64[D]").astype(int) for c in ("start_date", "from_date", "to_date")
    )
    n_pieces = (last - start) // 7 - (first - start) // 7 + 1
    at = np.repeat(np.arange(len(spans)), n_pieces)
    week = (first - start)[at] // 7 + np.arange(len(at)) - np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)
    begin = np.maximum(first[at], start[at] + 7 * week)
    end = np.minimum(last[at], start[at] + 7 * week + 6)
    rates, sign = spans[accruals].to_numpy(), spans["sign"].to_numpy()[at]
    counts = [(end + 3 - i) // 7 - (begin - 1 + 3 - i) // 7 for i in range(7)]  # day 0 was a Thursday
    pieces = pd.DataFrame(
        {
            "patient_id": spans["patient_id"].array.take(at),
            "week": week,
            "eligible_days": sign * (end - begin + 1),
            "prescribed": sign * sum(rates[at, i] * counts[i] for i in range(7)) / 7,
        }
    )
    weeks = pieces.groupby(["patient_id", "week"], as_index=False).sum()

    log["day"] = log["started_at"].dt.normalize()
    log["fraction"] = log["completed_fraction"].clip(upper=1)
    in_force = pd.merge_asof(
        log.sort_values("day"),
        versions.sort_values("from_date")[
            ["patient_id", "plan_version", "from_date", "start_date", "n_items", "max_per_day"]
        ],
        left_on="day",
        right_on="from_date",
        by="patient_id",
    )
    items = plans[["patient_id", "plan_version", "exercise_id"]].assign(is_item=True)
    rows = in_force.merge(items, on=["patient_id", "plan_version", "exercise_id"], how="left")
    rows["is_item"] = rows["is_item"].notna()
    rows["item_fraction"] = rows["fraction"].where(rows["is_item"], 0.0)
    bouts = rows.groupby(["patient_id", "session_id"], as_index=False).agg(
        day=("day", "first"),
        start_date=("start_date", "first"),
        max_per_day=("max_per_day", "first"),
        n_items=("n_items", "first"),
        any_item=("is_item", "any"),
        item_fraction=("item_fraction", "sum"),
        fraction=("fraction", "mean"),
    )
    completion = (bouts["item_fraction"] / bouts["n_items"]).where(bouts["any_item"], bouts["fraction"])
    bouts["complete"] = completion >= 0.5 - 1e-9
    days = bouts.groupby(["patient_id", "day"], as_index=False).agg(
        start_date=("start_date", "first"),
        max_per_day=("max_per_day", "first"),
        complete=("complete", "sum"),
        logged=("complete", "size"),
    )
    candidates = days.merge(holds, on="patient_id")
    on_hold = candidates[candidates["day"].between(candidates["from_date"], candidates["to_date"])][["patient_id", "day"]]
    days = days.merge(on_hold.assign(on_hold=True), on=["patient_id", "day"], how="left")
    days["counted"] = np.minimum(days["complete"], days["max_per_day"]).where(days["on_hold"].isna(), 0)
    days["week"] = (days["day"] - days["start_date"]).dt.days // 7
    done = days.groupby(["patient_id", "week"], as_index=False)[["counted", "logged"]].sum()
    result = weeks.merge(done, on=["patient_id", "week"], how="left").sort_values(["patient_id", "week"], ignore_index=True)
    result[["counted", "logged"]] = result[["counted", "logged"]].fillna(0)
    has_some = result["prescribed"] > 1e-9
    result["counted"] = result["counted"].where(has_some, 0)
    share = 100 * (result["counted"] / result["prescribed"].where(has_some)).clip(upper=1)
    return result.assign(week=result["week"] + 1, adherence_pct=share)


ENGINES: dict[str, Callable] = {
    "ptanalytics": with_ptanalytics,
    "ptanalytics, 2 threads": with_ptanalytics_on_threads,
    "DuckDB": with_duckdb,
    "pandas": with_pandas,
}


def peak_gb() -> float:
    """Return the highest memory this process had; what getrusage says of a child begins with its parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = (line.split() for line in status.read_text().splitlines())
        return next(int(words[1]) for words in lines if words[0] == "VmHWM:") * 1024 / 1e9
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)


def peak_memory_gb() -> float:
    """Return the most memory this process held. On Linux ``ru_maxrss`` is inherited from the parent; VmHWM is not."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1024**2
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1024**3


def run_one(engine: str, folder: Path, repeats: int) -> None:
    """Run one engine in this process; print its best time, peak memory and where its answer is."""
    times = []
    for _ in range(repeats):
        begin, busy = time.perf_counter(), time.process_time()
        result = ENGINES[engine](folder)
        times.append((time.perf_counter() - begin, time.process_time() - busy))
    answer = folder / f"answer-{list(ENGINES).index(engine)}.parquet"
    columns = {"counted": "int64", "logged": "int64", "week": "int64", "eligible_days": "int64", "prescribed": "float64"}
    result[COMPARED].astype(columns).sort_values(["patient_id", "week"]).to_parquet(answer, index=False)
    print(
        json.dumps(
            {
                "seconds": min(t for t, _ in times),
                "cpu_seconds": min(c for _, c in times),
                "peak_gb": peak_gb(),
                "answer": str(answer),
            }
        )
    )


def measure(engine: str, folder: Path, repeats: int) -> dict:
    command = [sys.executable, __file__, "--engine", engine, "--work", str(folder), "--repeats", str(repeats)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{engine} failed:\n{run.stderr}")
    return json.loads(run.stdout)


def require_same_answer(answers: dict[str, str]) -> int:
    """Stop unless all engines give the same weeks; returns how many there are."""
    import pandas as pd

    frames = {engine: pd.read_parquet(path) for engine, path in answers.items()}
    first = next(iter(frames.values()))
    for frame in frames.values():
        pd.testing.assert_frame_equal(first, frame, rtol=0, atol=1e-9, check_dtype=False)
    return len(first)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument(
        "--work", type=Path, help="folder of the registry, generated once; default benchmarks/generated/ROWS"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=2, help="runs inside one process; the best counts")
    parser.add_argument("--engine", choices=ENGINES, help="run one engine only, for this script's own use")
    chosen = parser.parse_args()
    if chosen.engine:
        run_one(chosen.engine, chosen.work, chosen.repeats)
        return
    folder = chosen.work or GENERATED / str(chosen.rows)
    prepare(folder, chosen.rows)
    rounds = [{e: measure(e, folder, chosen.repeats) for e in ENGINES} for _ in range(chosen.rounds)]
    n_weeks = require_same_answer({engine: rounds[0][engine]["answer"] for engine in ENGINES})
    print(f"Weekly adherence, {chosen.rows:,} session rows, {n_weeks:,} patient weeks, same answer checked")
    print(f"{'engine':24}{'seconds':>9}{'ratio':>8}{'(lowest to highest)':>22}{'CPU s':>8}{'CPU ratio':>11}{'peak GB':>9}")
    for engine in ENGINES:
        seconds = [r[engine]["seconds"] for r in rounds]
        ratios = [r[engine]["seconds"] / r["ptanalytics"]["seconds"] for r in rounds]
        spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
        middle = sorted(ratios)[len(ratios) // 2]
        cpu, own_cpu = (min(r[e]["cpu_seconds"] for r in rounds) for e in (engine, "ptanalytics"))
        peak = max(r[engine]["peak_gb"] for r in rounds)
        print(f"{engine:24}{min(seconds):9.2f}{middle:8.1f}{spread:>22}{cpu:8.2f}{cpu / own_cpu:11.1f}{peak:9.2f}")


if __name__ == "__main__":
    main()
