"""How fast bulk FHIR data is read: a gigabyte of NDJSON, made by repeating bundles, into memory.

    python benchmarks/read_fhir.py [--megabytes 1000] [--folder with-bundles] [--kind all|pain]

Patients are renamed at each repeat, so that nothing is a duplicate. ``all`` repeats whole bundles (most lines are of kinds
that are not read, as in a real bulk export); ``pain`` has pain ratings only, where every line makes a row. Printed are
megabytes per second of the clock and of processor time (the machine may be shared), peak memory, and the counts.
Target: 30 MB/s or more.
"""

import argparse
import json
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

import ptanalytics as pta

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from reader_corpus import bundle

TARGET_MB_PER_S = 30


def records(folder: Path | None, kind: str) -> list[str]:
    """Return one round of resources as lines, with the patient written as @@ and a number."""
    bundles = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))] if folder else [bundle()]
    lines = []
    for number, document in enumerate(bundles):
        entries = [entry["resource"] for entry in document["entry"]]
        [patient] = [one["id"] for one in entries if one["resourceType"] == "Patient"]
        if kind == "pain":
            entries = [one for one in entries if "72514-3" in json.dumps(one.get("code", ""))]
        lines += [re.sub(rf"(?<![\w-]){re.escape(patient)}(?![\w-])", f"@@{number}", json.dumps(one)) for one in entries]
    return lines


def write(path: Path, lines: list[str], n_bytes: int) -> int:
    """Repeat the lines until the file is as large as asked, each round with patients and ids of its own."""
    n_written = n_lines = rounds = 0
    with path.open("w", encoding="utf-8") as out:
        while n_written < n_bytes:
            rounds += 1
            text = "\n".join(lines).replace("@@", f"p{rounds}-") + "\n"
            out.write(text)
            n_written += len(text)
            n_lines += len(lines)
    return n_lines


def main() -> int:
    """Measure, print and say whether the target is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--kind", choices=("all", "pain"), default="all")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bulk.ndjson")
        n_lines = write(path, records(asked.folder, asked.kind), asked.megabytes * 1_000_000)
        megabytes = path.stat().st_size / 1e6
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        clock, processor = time.perf_counter(), time.process_time()
        loaded = pta.load_exports(path, timezone="Europe/London")
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    receipt = loaded.receipt
    print(f"{megabytes:,.0f} MB, {n_lines:,} resources: {clock:.1f} s, of the processor {processor:.1f} s")
    print(f"{megabytes / clock:.0f} MB/s of the clock, {megabytes / processor:.0f} MB/s of processor time")
    print(f"peak memory {peak:,.0f} MB ({before:,.0f} MB before)")
    print(f"read {receipt.rows_read:,} = used {receipt.rows_used:,} + set aside {receipt.rows_set_aside:,}", end="")
    print(f" + duplicate {receipt.rows_duplicate:,} + ignored {receipt.rows_ignored:,}")
    return 0 if megabytes / processor >= TARGET_MB_PER_S else 1


if __name__ == "__main__":
    sys.exit(main())
