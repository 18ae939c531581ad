"""Apple Health's ``export.xml``: its workouts, streamed. Everything else in it is counted by kind and never read."""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree as SafeTree
from defusedxml.common import DefusedXmlException

from ptanalytics.errors import EmptyExportError, UnreadableFileError
from ptanalytics.loading.readers.fingerprint import fingerprint_of
from ptanalytics.loading.readers.kinds import KindCounts
from ptanalytics.loading.readers.row_store import RowStore
from ptanalytics.loading.readers.text_table import TextTable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_COLUMNS = ("workoutActivityType", "startDate", "duration_min", "was_user_entered")
_MINUTES = {"min": 1.0, "s": 1 / 60, "sec": 1 / 60, "hr": 60.0, "h": 60.0}
_SNIFFED_BYTES = 1 << 16
_DEEPEST = 32
_NEVER_READ = "Names of devices, the person's details, routes and all measurements of the export were not read."


def is_apple_health(path: Path) -> bool:
    """Say whether an XML file begins like an Apple Health export."""
    with path.open("rb") as file:
        start = file.read(_SNIFFED_BYTES)
    return re.search(rb"<HealthData[\s>]", start) is not None or b"<!DOCTYPE HealthData" in start


def read_apple_health(path: Path) -> tuple[list[TextTable], str]:
    """Read the workouts of an Apple Health export.

    Args:
        path: Its export.xml, under whatever name.

    Returns:
        One table of workouts numbered in the order of the file, and the file's fingerprint.

    Raises:
        UnreadableFileError: Another kind of XML, broken XML, or XML with entities or outside references.
        EmptyExportError: It holds no workout.
    """
    if not is_apple_health(path):
        found = "it is XML of another kind than an Apple Health export"
        raise UnreadableFileError(path, found, "Export the data as CSV, Excel or JSON.")
    store = RowStore(path, _COLUMNS)
    ignored = KindCounts()
    try:
        _gather(path, store, ignored)
    except DefusedXmlException:
        found = "its XML defines entities or points outside the file, which no Apple Health export does"
        raise UnreadableFileError(path, found) from None
    except (ParseError, LookupError, ValueError):
        raise UnreadableFileError(path, f"its XML is broken after {store.n_rows:,} workouts") from None
    if not store.n_rows:
        raise EmptyExportError(path)
    headings, frame = store.finish()
    table = TextTable(
        path=path,
        sheet="",
        headings=headings,
        frame=frame,
        n_rows=store.n_rows,
        n_headings=0,
        n_comments=0,
        n_blank=0,
        ignored_kinds=dict(ignored),
        notes=(_NEVER_READ,),
        folders=store.folders,
    )
    return [table], fingerprint_of(path)


def _gather(path: Path, store: RowStore, ignored: KindCounts) -> None:
    depth, root = 0, None
    for event, element in SafeTree.iterparse(path, events=("start", "end"), forbid_dtd=False):
        if event == "start":
            depth += 1
            root = element if root is None else root
            if depth > _DEEPEST:
                message = "too deep"
                raise ValueError(message)
            continue
        depth -= 1
        if depth != 1:
            continue
        if element.tag == "Workout":
            store.add(store.n_rows + 1, _cells_of(element))
        else:
            ignored.add(element.tag, "{} element")
        # What has been read is let go; otherwise the tree grows with the file.
        if root is not None:
            root.clear()


def _cells_of(workout: "Element") -> dict[str, str | None]:
    activity = workout.get("workoutActivityType")
    was_entered = any(
        entry.get("key") == "HKWasUserEntered" and entry.get("value") == "1" for entry in workout.iter("MetadataEntry")
    )
    return {
        "workoutActivityType": _in_words(activity) if activity else None,
        "startDate": workout.get("startDate"),
        "duration_min": _minutes(workout.get("duration"), workout.get("durationUnit", "min")),
        "was_user_entered": "1" if was_entered else "0",
    }


def _in_words(activity: str) -> str:
    """Return ``HKWorkoutActivityTypeCoreTraining`` as ``core_training``."""
    name = activity.removeprefix("HKWorkoutActivityType")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _minutes(duration: str | None, unit: str) -> str | None:
    """Return a duration in minutes; one that is no number, or in a unit that is not known, stays as it stands."""
    if duration is None:
        return None
    try:
        return repr(float(duration) * _MINUTES[unit])
    except (ValueError, KeyError):
        return f"{duration} {unit}"
