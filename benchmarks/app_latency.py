"""How long the apps take to redraw, measured inside a real browser with 1,000 patients.

    python benchmarks/app_latency.py [--patients 1000] [--repeats 30]

Cohort explorer: from the tick of a filter box until the charts are redrawn. Plan tuner: from the move of a slider until the
weekly volume is redrawn. The clock is the page's own, so everything is in it: the message to the kernel, tables and figures
in Python, the message back, drawing. The page is as high as a laptop's screen: charts below it are drawn after those on it,
and both times are printed; the target is for what is on the screen. Browser, server and kernel share the machine, so run it
when nothing else does; the load is printed. Target: median under 150 ms.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from browser.lab import LabPage, LabServer, browser_path, offline_browser

MAX_MEDIAN_MS = 150
WARM_UP = 3
# Acts on a control, then notes when each named chart was drawn once more.
MEASURE = """async ([selector, value, charts]) => {
  const drawn = (n) => Number(document.querySelector(`[data-chart=${n}]`).dataset.drawn);
  const control = document.querySelector(selector);
  const before = charts.map(drawn);
  const times = charts.map(() => null);
  const begun = performance.now();
  const watch = new MutationObserver(() => charts.forEach((n, i) => {
    if (times[i] === null && drawn(n) > before[i]) times[i] = performance.now() - begun;
  }));
  for (const n of charts) {
    watch.observe(document.querySelector(`[data-chart=${n}]`), { attributes: true, attributeFilter: ['data-drawn'] });
  }
  if (value === null) control.click();
  else { control.value = value; control.dispatchEvent(new Event('input', { bubbles: true })); }
  while (times.includes(null) && performance.now() - begun < 10000) await new Promise((next) => setTimeout(next, 5));
  watch.disconnect();
  return times;
}"""


def build_study(folder: Path, n_patients: int) -> Path:
    """Make a study of sample patients, each copied under new ids until there are enough."""
    from ptanalytics.samples import write_samples
    from ptanalytics.study import create_study

    sample = write_samples(folder / "exports")
    settings = {"tuning": {"enabled": True}}
    study = create_study(folder / "large.study", timezone=sample.timezone, is_synthetic=True, settings=settings)
    people = sample.facts.tables["patients"]["patient_id"].to_list()
    ids = [(one, f"{one}-{copy:03d}") for copy in range(-(-n_patients // len(people))) for one in people][:n_patients]
    copies = pl.DataFrame(ids, schema=["patient_id", "new_id"], orient="row")
    for name, rows in sample.facts.tables.items():
        copied = rows.join(copies, on="patient_id").drop("patient_id").rename({"new_id": "patient_id"})
        if copied.height:
            study.append_rows(name, copied.select(rows.columns), origin="benchmark")
    return study.path


def open_app(page: LabPage, lab: LabServer, app: str, study: Path, n_charts: int) -> None:
    cell = f"import ptanalytics as pta\npta.apps.{app}(pta.open_study({str(study)!r}))"
    page.open(lab.add_notebook(app.lower(), cell))
    page.run_all()
    page.wait_for_charts(n_charts)
    page.page.wait_for_timeout(3000)


def filter_times(page: LabPage, repeats: int) -> dict[str, list[float]]:
    charts = ["adherence", "weekly", "change", "responders"]
    tick = ".pta-choice input[type=checkbox]"
    times = []
    for _ in range(repeats):
        times.append(page.page.evaluate(MEASURE, [tick, None, charts]))
        page.page.wait_for_timeout(900)
    return {
        "filter to charts on the screen (2)": [max(one[:2]) for one in times],
        "filter to all charts (4), those below included": [max(one) for one in times],
    }


def slider_times(page: LabPage, repeats: int) -> dict[str, list[float]]:
    times = []
    for n in range(repeats):
        times += page.page.evaluate(MEASURE, [".pta-exercise input[type=range]", str(2 + n % 4), ["volume"]])
        page.page.wait_for_timeout(300)
    return {"slider to weekly volume": times}


def summary(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median_ms": round(statistics.median(ordered), 1),
        "p90_ms": round(ordered[int(0.9 * (len(ordered) - 1))], 1),
        "min_ms": round(ordered[0], 1),
        "n": len(ordered),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=30)
    asked = parser.parse_args()
    found = browser_path()
    if not found:
        print("no Chrome, Chromium or Edge on this machine", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch, offline_browser(found) as browser:
        study = build_study(Path(scratch), asked.patients)
        lab = LabServer(Path(scratch) / "lab")
        try:
            results = {}
            for app, n_charts, measure in (("CohortExplorer", 4, filter_times), ("PlanTuner", 1, slider_times)):
                context = browser.new_context(viewport={"width": 1400, "height": 900})
                page = LabPage(context.new_page(), lab, Path(scratch))
                open_app(page, lab, app, study, n_charts)
                found_times = measure(page, asked.repeats + WARM_UP)
                results |= {name: summary(times[WARM_UP:]) for name, times in found_times.items()}
                context.close()
                lab.stop_kernels()
        finally:
            lab.close()
    print(json.dumps({"patients": asked.patients, "load": os.getloadavg()[0], **results}, indent=2))
    judged = [one for name, one in results.items() if "below" not in name]
    return 0 if all(one["median_ms"] < MAX_MEDIAN_MS for one in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
