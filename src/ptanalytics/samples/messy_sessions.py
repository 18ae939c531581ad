"""The session exports of the two sites: a semicolon file with decimal commas, and a workbook with serial dates."""

from typing import Any

import numpy as np

from ptanalytics.samples.messy_lines import (
    DROPPED,
    DUPLICATE,
    REFUSED,
    SET_ASIDE,
    Column,
    Fault,
    Line,
    MessyTable,
    Planted,
    not_a_row,
)
from ptanalytics.samples.spelling import dated, decimal_comma, numeric, plain, serial_date, worded

Fact = dict[str, Any]
SOUTH_WORKBOOK = "south_clinic.xlsx"
_SOURCES = worded({"app_log": "app", "paper_diary": "paper", "clinic_attendance": "in clinic"})


def north_sessions(facts: list[Fact], rng: np.random.Generator) -> MessyTable:
    """Return the north site's export: BOM, semicolons, decimal commas, day-first dates, a name and a phone column."""
    columns = (
        Column("Patient ID", "patient_id", plain),
        Column("Session", "session_id", plain),
        Column("Exercise", "exercise_id", plain),
        Column("Date", "started_at", dated("%d.%m.%Y %H:%M")),
        Column("Sets done", "sets", decimal_comma),
        Column("Reps done", "reps", decimal_comma),
        Column("Hold (s)", "hold_s", decimal_comma),
        Column("Minutes", "duration_min", decimal_comma),
        Column("Weight kg", "load_kg", decimal_comma),
        Column("Completion", "completed_fraction", decimal_comma),
        Column("Pain before", "pain_before_nprs", decimal_comma),
        Column("Pain during", "pain_during_nprs", decimal_comma),
        Column("Pain after", "pain_after_nprs", decimal_comma),
        Column("Pain next day", "pain_next_day_nprs", decimal_comma),
        Column("Effort", "rpe", decimal_comma),
        Column("Reason skipped", "skip_reason", plain),
        Column("Data source", "source", _SOURCES),
    )
    table = MessyTable.of("north_sessions.csv", columns, facts)
    table.add_column("Patient name", REFUSED, "identifying column", lambda line: f"Test Person {str(line.cells[0])[1:]}")
    table.add_column("Phone", REFUSED, "identifying column", lambda line: f"01632 96{str(line.cells[0])[1:]}")
    table.add_column("App build", DROPPED, "unknown column", lambda _line: "4.2.1")
    table.preamble = [
        not_a_row("Exercise log - North clinic", "line above the headings"),
        not_a_row("Exported 29.06.2026 07:00", "line above the headings"),
        not_a_row("", "blank line"),
    ]
    _spoil_north(table, rng)
    return table


def _spoil_north(table: MessyTable, rng: np.random.Generator) -> None:
    anything = table.has("Patient ID")
    for at in table.places(rng, 12, table.has("Pain during")):
        table.spell_otherwise(
            at, "Pain during", f"{table.cell(table.rows[at], 'Pain during')}/10", "rating written as x/10"
        )
    faults: tuple[Fault, ...] = (
        (3, "Minutes", "-12", "negative minutes"),
        (2, "Pain during", "11", "pain above 10"),
        (2, "Date", "31.02.2026 18:00", "day that does not exist"),
        (2, "Date", "yesterday evening", "unreadable date"),
        (3, "Patient ID", "", "missing patient id"),
        (2, "Exercise", "", "missing exercise id"),
        (2, "Sets done", "three", "number written as a word"),
        (2, "Effort", "hard", "rating written as a word"),
        (1, "Data source", "telepathy", "source that does not exist"),
    )
    table.insert_faults(rng, anything, faults)
    for at in table.places(rng, 3, table.has("Reps done")):
        reps = int(str(table.cell(table.rows[at], "Reps done")))
        table.insert_spoiled(at, {"Reps done": str(reps + 3)}, "same key, other content")
    for at in table.places(rng, 8, anything):
        table.insert_spoiled(at, {}, "row exported twice", DUPLICATE)
    for at in table.places(rng, 2, anything):
        table.insert_line(at, not_a_row("", "blank line"))
    for number_of_cells, kind in ((3, "row cut short"), (len(table.headings) + 1, "stray separator")):
        for at in table.places(rng, 1, anything):
            cells = (*table.rows[at].cells, "x")[:number_of_cells]
            table.insert_line(at + 1, Line(cells=cells, planted=(Planted("", kind, SET_ASIDE),)))


def south_sessions(facts: list[Fact], rng: np.random.Generator) -> MessyTable:
    """Return the south site's sheet: numbers as numbers, times as bare Excel serial numbers."""
    columns = (
        Column("Participant ID", "patient_id", numeric),
        Column("Session No", "session_id", numeric),
        Column("Exercise name", "exercise_id", numeric),
        Column("Started", "started_at", serial_date),
        Column("Sets", "sets", numeric),
        Column("Repetitions", "reps", numeric),
        Column("Hold sec", "hold_s", numeric),
        Column("Duration minutes", "duration_min", numeric),
        Column("Load", "load_kg", numeric),
        Column("Share done", "completed_fraction", numeric),
        Column("Pre pain", "pain_before_nprs", numeric),
        Column("Worst pain during", "pain_during_nprs", numeric),
        Column("Post pain", "pain_after_nprs", numeric),
        Column("Next day pain", "pain_next_day_nprs", numeric),
        Column("Borg CR10", "rpe", numeric),
        Column("Why skipped", "skip_reason", numeric),
        Column("Logged by", "source", _SOURCES),
    )
    table = MessyTable.of(f"{SOUTH_WORKBOOK} [Log]", columns, facts)
    table.add_column("Surname", REFUSED, "identifying column", lambda line: f"Sample {str(line.cells[0])[1:]}")
    table.add_column("Device battery", DROPPED, "unknown column", lambda _line: 81)
    anything = table.has("Participant ID")
    faults: tuple[Fault, ...] = (
        (2, "Duration minutes", -5, "negative minutes"),
        (2, "Worst pain during", 12, "pain above 10"),
        (2, "Started", "some time in May", "unreadable date"),
        (2, "Participant ID", None, "missing patient id"),
    )
    table.insert_faults(rng, anything, faults)
    for at in table.places(rng, 2, table.has("Repetitions")):
        reps = table.cell(table.rows[at], "Repetitions")
        table.insert_spoiled(at, {"Repetitions": float(reps or 0) + 2}, "same key, other content")
    for at in table.places(rng, 4, anything):
        table.insert_spoiled(at, {}, "row exported twice", DUPLICATE)
    return table


def south_pauses(facts: list[Fact]) -> MessyTable:
    """Return the breaks as a second sheet of the south workbook; they are of both sites."""
    columns = (
        Column("Participant ID", "patient_id", numeric),
        Column("From", "from_date", serial_date),
        Column("To", "to_date", serial_date),
        Column("Pause reason", "kind", worded({"clinician_hold": "hold", "data_gap": "app outage", "illness": "ill"})),
        Column("Excused", "is_excused", worded({True: "yes", False: "no"})),
    )
    return MessyTable.of(f"{SOUTH_WORKBOOK} [Breaks]", columns, facts)
