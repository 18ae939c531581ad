"""Data quality: rules over whole tables, what is missing, and the workbook in which a person corrects rows set aside."""

from ptanalytics.quality.check import DataCheck, check_data
from ptanalytics.quality.repair import Repair, n_repaired, read_repair_sheet, repair_ledger, write_repair_sheet
from ptanalytics.quality.rules import Rule, shipped_rules

__all__ = [
    "DataCheck",
    "Repair",
    "Rule",
    "check_data",
    "n_repaired",
    "read_repair_sheet",
    "repair_ledger",
    "shipped_rules",
    "write_repair_sheet",
]
