"""Outcomes of a registry: ptanalytics over a study, against a loop over patients in pandas and scipy.

    python benchmarks/outcomes.py --patients 100000 --loop 200 --forms 1000000

Three figures: per-patient outcomes (baseline, change, responders, reliable change, trend, plateau, flares, time to lasting
change) of all patients; 28-day Theil-Sen slopes alone; scoring questionnaires. The loop runs on some of the patients and
its time is scaled up; on these the answers must agree before a ratio is shown. Each part runs in a process of its own. Wall
time and processor time (of all threads) are shown; ratios are of processor time, which a busy machine disturbs less.
"""

import argparse
import json
import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path

THREADS = 2
START = date(2026, 3, 2)
DAYS = 100
BEFORE = 10
GENERATED = Path(__file__).parent / "generated" / "outcomes"
TOLERANCE = 1e-9


class Clock:
    """Wall and processor seconds since it was made."""

    def __init__(self) -> None:
        self.begin, self.busy = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Return wall and processor seconds."""
        return time.perf_counter() - self.begin, time.process_time() - self.busy


def prepare(folder: Path, n_patients: int) -> None:
    """Write a study with one rating a day over 100 days for each patient; once per size."""
    import numpy as np
    import polars as pl

    import ptanalytics as pta

    target = folder / f"{n_patients}.study"
    if target.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{n_patients}-unfinished.study"
    study = pta.create_study(unfinished, timezone="Europe/London", buckets=16, is_synthetic=True)
    rng = np.random.default_rng(20260302)
    ids = pl.Series([f"P{i:06d}" for i in range(n_patients)])
    study.append_rows("patients", pl.DataFrame({"patient_id": ids, "enrolled_date": START}), origin="generated")
    for first in range(0, n_patients, 25_000):
        some = ids[first : first + 25_000]
        n = len(some)
        day = np.tile(np.arange(-BEFORE, DAYS - BEFORE), n)
        level = np.repeat(rng.uniform(3, 8, n), DAYS) + np.repeat(rng.normal(-0.02, 0.02, n), DAYS) * np.maximum(day, 0)
        pain = np.clip(np.round(level + rng.normal(0, 1.0, n * DAYS)), 0, 10)
        at = pl.select(
            pl.lit(datetime(2026, 3, 2, 20)) +  # noqa: DTZ001 - local wall-clock time
            pl.duration(days=pl.lit(pl.Series(day)))
        ).to_series()  # fmt: skip
        rows = pl.DataFrame(
            {"patient_id": pl.Series(np.repeat(some.to_numpy(), DAYS)), "recorded_at": at, "pain_nprs": pain}
        )
        study.append_rows("pain_scores", rows.with_columns(recall=pl.lit("avg_24h")), origin="generated")
    unfinished.rename(target)


ANALYSES = (
    "baselines", "changes", "reliable_change", "pain_trend", "pain_plateau", "flares", "time_to_mic", "recovery_status",
)  # fmt: skip


def with_ptanalytics(study_path: Path) -> dict:
    """Run each analysis over the whole study."""
    import ptanalytics as pta

    study = pta.open_study(study_path)
    options = {name: {"measures": ["nprs"]} for name in ("baselines", "changes", "reliable_change", "time_to_mic")}
    found, times = {}, {}
    for name in ANALYSES:
        clock = Clock()
        found[name] = getattr(pta, name)(study, **options.get(name, {}))
        times[name] = [round(seconds, 2) for seconds in clock.read()]
    return {"found": found, "times": times}


def one_patient(days: list[date], values: list[float]) -> dict:
    """Compute the same for one patient with pandas and scipy, the way a careful analyst writes it."""
    import pandas as pd
    from scipy.stats import linregress, theilslopes

    series = pd.Series(values, index=pd.to_datetime(days)).groupby(level=0).mean().sort_index()
    day = (series.index - pd.Timestamp(START)).days
    answer: dict = {"baseline": None}
    for low, high, need in ((-7, -1, 3), (-14, -1, 3), (0, 2, 1)):
        window = series[(day >= low) & (day <= high)]
        if len(window) >= need:
            answer["baseline"] = window.mean()
            break
    baseline = answer["baseline"]
    for week in (6, 12):
        window = series[(day >= 7 * week - 6) & (day <= 7 * week)]
        follow_up = window.mean() if len(window) >= 3 else None
        gain = None if follow_up is None or baseline is None else baseline - follow_up
        answer[f"improvement_{week}"] = gain
        judged = gain is not None and baseline >= 2 - TOLERANCE
        answer[f"responder_{week}"] = bool(gain >= 2 - TOLERANCE and gain / baseline >= 0.3 - TOLERANCE) if judged else None
        answer[f"rc_{week}"] = None if gain is None else gain / (2**0.5 * 1.02)
    last = series.index[-1]
    window = series[series.index > last - pd.Timedelta(days=28)]
    weeks = (window.index - window.index[0]).days.to_numpy() / 7
    fit = theilslopes(window.to_numpy(), weeks, 0.95)
    answer.update(slope=fit.slope, lower=fit.low_slope, upper=fit.high_slope)
    answer["ols"] = linregress(weeks, window.to_numpy()).slope
    half = window.index > last - pd.Timedelta(days=14)
    answer["difference"] = window[half].mean() - window[~half].mean()
    answer["n_flares"] = _flares(series, baseline)
    answer["time"] = _time_to_change(series[day > 0], day[day > 0], baseline)
    return answer


def _flares(series, baseline) -> int:
    import numpy as np

    history: list = []
    runs, run = [], []
    reference, previous = None, None
    for moment, value in series.items():
        recent = [v for d, v, high in history if (moment - d).days <= 14 and not high]
        if len(recent) >= 3:
            reference = float(np.median(recent))
        against = reference if reference is not None else baseline
        high = against is not None and value >= against + 2 - TOLERANCE and value >= 4 - TOLERANCE
        if high and run and (moment - previous).days <= 2 and history[-1][2]:
            run.append(moment)
        elif high:
            run = [moment]
            runs.append(run)
        history.append((moment, value, high))
        previous = moment
    return sum(len(found) >= 2 for found in runs)


def _time_to_change(series, day, baseline) -> tuple:
    if baseline is None or baseline < 2 - TOLERANCE:
        return (None, None)
    gains = baseline - series.to_numpy()
    met = (gains >= 2 - TOLERANCE) & (gains / baseline >= 0.3 - TOLERANCE)
    for i in range(len(met)):
        if not met[i]:
            continue
        for j in range(i, len(met)):
            if not met[j]:
                break
            if day[j] - day[i] >= 14:
                return (int(day[i]), True)
    return (int(day[-1]), False)


def with_loop(study_path: Path, n: int) -> tuple[dict, float]:
    """Run the loop over the first patients; return the answers and the seconds."""
    import polars as pl

    import ptanalytics as pta

    daily = pl.from_pandas(pta.daily_pain(pta.open_study(study_path)).query(f"patient_id < 'P{n:06d}'"))
    people = {
        key[0]: (rows["date"].dt.date().to_list(), rows["pain_nprs"].to_list())
        for key, rows in daily.partition_by("patient_id", as_dict=True).items()
    }
    one_patient(*next(iter(people.values())))  # imports
    clock = Clock()
    answers = {patient: one_patient(*series) for patient, series in people.items()}
    return answers, clock.read()[1]


def check(found: dict, answers: dict) -> int:
    """Compare the answers of the loop with the tables; return how many numbers were compared."""
    import pandas as pd

    tables = {name: table[table["patient_id"].isin(answers.keys())] for name, table in found.items()}
    changes = tables["changes"].set_index(["patient_id", "target_week"])
    reliable = tables["reliable_change"].set_index(["patient_id", "target_week"])
    by = {name: tables[name].set_index("patient_id") for name in ("baselines", "pain_trend", "pain_plateau", "time_to_mic")}
    flares = tables["flares"].query("kind == 'flare_proxy'").groupby("patient_id").size()
    n = 0
    for patient, want in answers.items():
        got = {
            "baseline": by["baselines"].at[patient, "baseline"],
            **{f"improvement_{w}": changes.at[(patient, w), "improvement"] for w in (6, 12)},
            **{f"responder_{w}": changes.at[(patient, w), "is_responder"] for w in (6, 12)},
            **{f"rc_{w}": reliable.at[(patient, w), "rc"] for w in (6, 12)},
            "slope": by["pain_trend"].at[patient, "slope_per_week"],
            "lower": by["pain_trend"].at[patient, "lower"],
            "upper": by["pain_trend"].at[patient, "upper"],
            "ols": by["pain_trend"].at[patient, "ols_slope_per_week"],
            "difference": by["pain_plateau"].at[patient, "difference"],
            "n_flares": int(flares.get(patient, 0)),
        }
        timed = by["time_to_mic"].loc[patient]
        pairs = [(got[name], value) for name, value in want.items() if name != "time"]
        pairs += list(zip((timed["duration_days"], timed["is_event"]), want["time"], strict=True))
        for have, expected in pairs:
            is_missing = pd.isna(have) and (expected is None or pd.isna(expected))
            if not is_missing and abs(float(have) - float(expected)) > 1e-9:
                raise SystemExit("The loop and ptanalytics do not agree.")
            n += 1
    return n


def peak_gb() -> float:
    """Return the most memory this process held."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 / 1e9


def measure_outcomes(folder: Path, n_patients: int, n_loop: int) -> dict:
    """Outcomes of all patients, and the loop over some."""
    path = folder / f"{n_patients}.study"
    clock = Clock()
    ours = with_ptanalytics(path)
    (seconds, busy), peak = clock.read(), peak_gb()
    answers, loop = with_loop(path, n_loop)
    compared = check(ours["found"], answers)
    scaled = loop / len(answers) * n_patients
    return {"seconds": seconds, "cpu_seconds": busy, "peak_gb": peak, "loop_cpu_seconds_scaled": scaled,
            "ratio": scaled / busy, "numbers_compared": compared, "each": ours["times"]}  # fmt: skip


def measure_slopes(n_patients: int, n_loop: int) -> dict:
    """28-day Theil-Sen slopes with intervals: all rows together, and scipy per patient."""
    import numpy as np
    from scipy.stats import theilslopes

    from ptanalytics.outcomes.theil_sen import theil_sen

    rng = np.random.default_rng(1)
    x = np.tile(np.arange(28) / 7, (n_patients, 1))
    y = np.clip(np.round(rng.normal(5, 1.5, x.shape)), 0, 10)
    clock = Clock()
    fit = theil_sen(x, y)
    seconds, busy = clock.read()
    clock = Clock()
    each = [theilslopes(y[i], x[i], 0.95) for i in range(n_loop)]
    scaled = clock.read()[1] / n_loop * n_patients
    for i, one in enumerate(each):
        if not np.allclose((fit.slope[i], fit.lower[i], fit.upper[i]), (one.slope, one.low_slope, one.high_slope)):
            raise SystemExit("scipy and ptanalytics do not agree on a slope.")
    return {"seconds": seconds, "cpu_seconds": busy, "scipy_cpu_seconds_scaled": scaled, "ratio": scaled / busy}


def make_forms(n_forms: int):
    """Return the answers of forms of three instruments (ODI, RMDQ-24, PCS) in equal parts, item by item."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(1)
    parts, m = [], n_forms // 3
    for name, n_items, top in (("odi", 10, 5), ("rmdq24", 24, 1), ("pcs", 13, 4)):
        form = np.repeat(np.arange(m), n_items)
        item = np.tile(np.arange(1, n_items + 1), m)
        answer = rng.integers(0, top + 1, m * n_items).astype(float)
        frame = pl.DataFrame({"form": form, "item": item, "answer": answer})
        parts.append(
            frame.select(
                patient_id=pl.format("P{}", pl.col("form") // 4),
                response_id=pl.format(name + "-{}", "form"),
                completed_at=pl.lit(date(2026, 1, 1)).cast(pl.Datetime("us")) + pl.duration(days=(pl.col("form") % 4) * 28),
                instrument_id=pl.lit(name),
                item_id=pl.format(name + "_{}", "item"),
                answer="answer",
            )
        )
    return pl.concat(parts).sort("patient_id", "completed_at", "item_id")


def prepare_forms(folder: Path, n_forms: int) -> None:
    """Write the answers of forms to a file; once per size."""
    target = folder / f"{n_forms}-forms.parquet"
    if not target.exists():
        make_forms(n_forms).write_parquet(target)


def measure_scoring(folder: Path, n_forms: int) -> dict:
    """Score forms; they are read from a file, so that the peak is not that of making them."""
    import polars as pl

    import ptanalytics as pta

    responses = pl.read_parquet(folder / f"{n_forms}-forms.parquet")
    held = peak_gb()
    clock = Clock()
    scores = pta.score_questionnaires(responses=responses)
    seconds, busy = clock.read()
    return {"seconds": seconds, "cpu_seconds": busy, "answers": responses.height, "scores": scores.height,
            "input_gb": held, "peak_gb": peak_gb()}  # fmt: skip


def main() -> None:
    """Prepare, run each part in a process of its own, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--loop", type=int, default=200, help="patients the loop runs over")
    parser.add_argument("--forms", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, default=GENERATED)
    parser.add_argument("--part", choices=("prepare", "outcomes", "slopes", "scoring"), help="run one part in this process")
    asked = parser.parse_args()
    parts = {
        "prepare": lambda: prepare(asked.work, asked.patients) or prepare_forms(asked.work, asked.forms) or {},
        "outcomes": lambda: measure_outcomes(asked.work, asked.patients, asked.loop),
        "slopes": lambda: measure_slopes(asked.patients, max(asked.loop, 200)),
        "scoring": lambda: measure_scoring(asked.work, asked.forms),
    }
    if asked.part:
        print(json.dumps(parts[asked.part]()))
        return
    import os

    for part in parts:
        command = [sys.executable, __file__, "--part", part, "--patients", str(asked.patients), "--loop", str(asked.loop)]
        command += ["--forms", str(asked.forms), "--work", str(asked.work)]
        environment = os.environ | {"POLARS_MAX_THREADS": str(THREADS)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{part}: {done.stderr}")
        print(part, done.stdout.strip())


if __name__ == "__main__":
    main()
