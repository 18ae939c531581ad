"""Statistics on result tables."""

from ptanalytics.statistics.proportions import Interval, wilson_interval

__all__ = ["Interval", "wilson_interval"]
