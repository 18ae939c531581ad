"""Rules about the tree that no linter knows: file length, names, addresses, notebook outputs, sources of clinical numbers.

Run by hand, by pre-commit and by CI: ``python tests/tree_rules.py`` prints each broken rule and exits 1.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAX_LINES = 400
VAGUE = re.compile(r"(^|_)(utils?|helpers?|common|manager|misc)(_|$)")
# Written in two halves so that this file does not break its own rule.
ADDRESSES = re.compile(
    "py" + r"pi\.org|pythonhosted|registry\.npm" + "js|index-" + r"url|(?<!\w)/wo" + r"rk/|(?<!\w)/ro" + "ot/"
)
UNFINISHED = re.compile("TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + "Error")


def tracked_files() -> list[Path]:
    """Files git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def problems_of(path: Path) -> Iterator[str]:
    """Yield each rule the file breaks, in words."""
    name = path.relative_to(ROOT)
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        if any(cell.get("outputs") or cell.get("execution_count") for cell in cells):
            yield f"{name}: has outputs; run nbstripout on it"
    if path.suffix in {".xlsx", ".parquet", ".sqlite", ".png"}:
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".py":
        lines = text.count("\n")
        if lines > MAX_LINES:
            yield f"{name}: {lines} lines, at most {MAX_LINES}"
        if VAGUE.search(path.stem):
            yield f"{name}: the name does not say what is in it"
        if name.parts[0] == "src" and UNFINISHED.search(text):
            yield f"{name}: has an unfinished mark"
    if ADDRESSES.search(text) and name.name != "tree_rules.py":
        yield f"{name}: names a registry or a path of one machine"


def main() -> int:
    """Print every problem and return the exit code."""
    found = [problem for path in tracked_files() for problem in problems_of(path)]
    print("\n".join(found) or "tree rules kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
