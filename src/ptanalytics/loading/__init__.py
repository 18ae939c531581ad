"""Exports to typed tables: every row is used, a duplicate, ignored, or set aside with a reason."""

from ptanalytics.loading.convert import convert, explain_rows
from ptanalytics.loading.duplicates import split_duplicates
from ptanalytics.loading.loader import Loaded, load_exports
from ptanalytics.loading.quarantine import Quarantine
from ptanalytics.loading.receipt import FileReceipt, Receipt, SkippedFile
from ptanalytics.loading.sources import Source, Sources, find_sources
from ptanalytics.loading.suggest import suggest_layout, suggest_layouts
from ptanalytics.loading.suggestion import ColumnSuggestion, LayoutSuggestion, Question

__all__ = [
    "ColumnSuggestion",
    "FileReceipt",
    "LayoutSuggestion",
    "Loaded",
    "Quarantine",
    "Question",
    "Receipt",
    "SkippedFile",
    "Source",
    "Sources",
    "convert",
    "explain_rows",
    "find_sources",
    "load_exports",
    "split_duplicates",
    "suggest_layout",
    "suggest_layouts",
]
