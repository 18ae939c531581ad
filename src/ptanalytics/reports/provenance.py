"""Where a report's numbers come from: data, rules, software, day."""

import datetime as dt
import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ptanalytics import __version__
from ptanalytics.charts.wording import day_text

if TYPE_CHECKING:
    from ptanalytics.study import Study

_LIBRARIES = ("polars", "pandas", "plotly")


def provenance(study: "Study", facts: Sequence[tuple[str, str]] = ()) -> tuple[tuple[str, str], ...]:
    """Return name and value of everything needed to make the same report again.

    Args:
        study: The study.
        facts: What only this report knows: n, window.
    """
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    now = dt.datetime.now(ZoneInfo(study.timezone))
    return (
        ("Study", study.name + (" (synthetic data)" if study.is_synthetic else "")),
        ("Data fingerprint", study.data_fingerprint),
        *facts,
        ("Data up to", "no dated log" if study.cutoff_date is None else day_text(study.cutoff_date)),
        ("Rules version", study.settings.rules_version),
        ("Software", f"ptanalytics {__version__} ({libraries}, Python {platform.python_version()})"),
        ("Made on", f"{day_text(now.date())}, {now:%H:%M} {study.timezone}"),
    )
