"""Write the messy exports and the list of their defects."""

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ptanalytics.samples import messy_records, messy_sessions
from ptanalytics.samples.clinic import ClinicFacts
from ptanalytics.samples.messy_lines import Defect, Line, MessyTable
from ptanalytics.samples.text_files import cell_text, csv_text

#: A fixed moment for the workbook's properties: the same seed must give the same bytes.
_WORKBOOK_CREATED = datetime(2026, 6, 29, 7, 0, 0)  # noqa: DTZ001 - a document property, not a moment in the data
_TIME_OF = {"sessions": "started_at", "pain_scores": "recorded_at", "responses": "completed_at"}


def write_messy(folder: Path, facts: ClinicFacts, seed: int) -> tuple[list[Path], list[Defect]]:
    """Write the facts as real exports look; return the files and every planted defect."""
    rows = {name: _in_order_of_arrival(name, table) for name, table in facts.tables.items()}
    sites = dict(facts.tables["patients"].select("patient_id", "site").iter_rows())
    north = [row for row in rows["sessions"] if sites[row["patient_id"]] == "north"]
    south = [row for row in rows["sessions"] if sites[row["patient_id"]] == "south"]
    rng = np.random.Generator(np.random.PCG64([seed, 10**6]))
    text_tables = (
        (messy_sessions.north_sessions(north, rng), ";", "\r\n", "utf-8-sig"),
        (messy_records.pain_diary(rows["pain_scores"], rng), "\t", "\n", "utf-8"),
        (messy_records.questionnaires(rows["responses"], rng), ",", "\n", "utf-8"),
        (messy_records.patient_list(rows["patients"], rng), ",", "\r\n", "utf-8-sig"),
        (messy_records.plan_list(rows["plans"], rng), ";", "\n", "utf-8"),
        (messy_records.flag_list(rows["flags"]), ",", "\n", "utf-8"),
    )
    files, defects = [], []
    for table, delimiter, line_end, encoding in text_tables:
        files.append(folder / table.file)
        files[-1].write_bytes(_text(table, delimiter, line_end).encode(encoding))
        defects += table.defects()
    sheets = {"Log": messy_sessions.south_sessions(south, rng), "Breaks": messy_sessions.south_pauses(rows["pauses"])}
    files.append(folder / messy_sessions.SOUTH_WORKBOOK)
    files[-1].write_bytes(_workbook(sheets))
    defects += [defect for table in sheets.values() for defect in table.defects()]
    return files, defects


def defects_text(defects: list[Defect]) -> str:
    """Return the list of planted defects as CSV."""
    rows = [[d.file, cell_text(d.row), d.column, d.kind, d.expected] for d in defects]
    return csv_text(("file", "row", "column", "kind", "expected"), rows)


def _in_order_of_arrival(name: str, table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows as an export has them: logs by time with people interleaved, lists as they are."""
    ordered = table.sort(_TIME_OF[name], "patient_id", maintain_order=True) if name in _TIME_OF else table
    return list(ordered.iter_rows(named=True))


def _text(table: MessyTable, delimiter: str, line_end: str) -> str:
    return "".join(_line_text(line, delimiter) + line_end for line in table.lines())


def _line_text(line: Line, delimiter: str) -> str:
    if line.text is not None:
        return line.text
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(line.cells)
    return text.getvalue()


def _workbook(sheets: dict[str, MessyTable]) -> bytes:
    """Return a workbook whose bytes depend on its cells only."""
    import xlsxwriter  # noqa: PLC0415 - only the samples write sheets

    file = io.BytesIO()
    # in_memory: members carry Excel's fixed timestamp instead of the clock's.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    book.set_properties({"created": _WORKBOOK_CREATED, "title": "Generated sample, no real data"})
    for name, table in sheets.items():
        sheet = book.add_worksheet(name)
        for row, line in enumerate(table.lines()):
            for column, cell in enumerate(line.cells):
                if cell is not None:
                    sheet.write(row, column, cell)
    book.close()
    return file.getvalue()
