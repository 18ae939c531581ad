"""Make a new, empty study."""

import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ptanalytics.errors import OutputError, StudyExistsError
from ptanalytics.settings import Settings
from ptanalytics.study.description import new_description
from ptanalytics.study.manifest import Manifest
from ptanalytics.study.study import Study


def create_study(
    path: Path | str,
    *,
    timezone: str,
    name: str | None = None,
    buckets: int = 1,
    settings: Mapping[str, Any] | Settings | None = None,
    is_synthetic: bool = False,
    executor: Executor | None = None,
) -> Study:
    """Make a new, empty study on disk and open it.

    Args:
        path: Folder to make; by custom it ends in ``.study``.
        timezone: IANA name of the clinic's time zone, e.g. ``Europe/London``; imported times become its local times.
        name: What people call the study; without it the folder's name.
        buckets: Into how many patient buckets tables are split. 1 suits a clinic, 8 a registry of millions of rows:
            memory is bounded by a bucket. It cannot be changed later.
        settings: What differs from the defaults, e.g. ``{"time": {"day_start_hour": 3}}``.
        is_synthetic: Say that the data will be generated, not real.
        executor: Where buckets run; without it in this process.

    Raises:
        StudyExistsError: There is something at the path.
        UnknownTimezoneError: The time zone is not an IANA name.
        SettingsError: A setting or the number of buckets is out of range.
        OutputError: The folder cannot be made.
    """
    path = Path(path).resolve()
    description = new_description(
        name or path.stem, timezone=timezone, buckets=buckets, settings=settings, is_synthetic=is_synthetic
    )
    if path.exists():
        raise StudyExistsError(path)
    beside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        description.write(beside)
        Manifest(generation=0).write(beside)
        beside.chmod(0o755)
        beside.rename(path)
    except OSError as error:
        if path.exists():  # somebody made it in the same moment
            raise StudyExistsError(path) from None
        raise OutputError(path, (error.strerror or "the disk refused").lower(), "Choose another place.") from None
    finally:
        if beside is not None and beside.exists():
            shutil.rmtree(beside, ignore_errors=True)
    return Study(path, executor=executor)
