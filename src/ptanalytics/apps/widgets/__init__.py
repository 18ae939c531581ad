"""Controls the apps are made of: each named, usable by keyboard, offline, and safe with text from files."""

from ptanalytics.apps.widgets.alert import Alert, StatusLine
from ptanalytics.apps.widgets.chips import Chips
from ptanalytics.apps.widgets.choice_field import ChoiceField
from ptanalytics.apps.widgets.closing import close_deep
from ptanalytics.apps.widgets.figure import ChartWidget
from ptanalytics.apps.widgets.flag_banner import FlagBanner
from ptanalytics.apps.widgets.frame import Frame
from ptanalytics.apps.widgets.number_field import NumberField
from ptanalytics.apps.widgets.patient_picker import PatientPicker
from ptanalytics.apps.widgets.patient_table import PatientTable
from ptanalytics.apps.widgets.range_field import RangeField

__all__ = [
    "Alert",
    "ChartWidget",
    "Chips",
    "ChoiceField",
    "FlagBanner",
    "Frame",
    "NumberField",
    "PatientPicker",
    "PatientTable",
    "RangeField",
    "StatusLine",
    "close_deep",
]
