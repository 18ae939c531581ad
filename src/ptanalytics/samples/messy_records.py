"""The other exports of the clinic: pain diary, questionnaires, patients, plans and red flags."""

from typing import Any

import numpy as np

from ptanalytics.samples.messy_lines import (
    DROPPED,
    DUPLICATE,
    REFUSED,
    SET_ASIDE,
    USED,
    Column,
    Fault,
    Line,
    MessyTable,
    Planted,
    not_a_row,
)
from ptanalytics.samples.spelling import dated, decimal_comma, plain, utc_time, worded

Fact = dict[str, Any]


def pain_diary(facts: list[Fact], rng: np.random.Generator) -> MessyTable:
    """Return the pain diary: tabs, comment lines, UTC times, some ratings as 7/10."""
    columns = (
        Column("Participant", "patient_id", plain),
        Column("Timestamp", "recorded_at", utc_time),
        Column("NRS", "pain_nprs", plain),
        Column("Recall period", "recall", worded({"avg_24h": "average last 24 hours", "avg_7d": "past week"})),
        Column("Flare-up", "is_flare", worded({True: "yes", False: "no"})),
    )
    table = MessyTable.of("pain_diary.tsv", columns, facts)
    table.add_column("Remark", DROPPED, "unknown column", lambda _line: "")
    table.preamble = [
        not_a_row("# Pain diary export, times in UTC", "comment line"),
        not_a_row("# One row per rating", "comment line"),
    ]
    anything = table.has("Participant")
    for at in table.places(rng, 25, table.has("NRS")):
        table.spell_otherwise(at, "NRS", f"{table.cell(table.rows[at], 'NRS')}/10", "rating written as x/10")
    faults: tuple[Fault, ...] = (
        (3, "NRS", "11", "pain above 10"),
        (2, "NRS", "-1", "negative pain"),
        (2, "NRS", "bad", "rating written as a word"),
        (2, "NRS", "", "missing rating"),
        (2, "Timestamp", "2026-13-45T20:00:00Z", "day that does not exist"),
        (2, "Timestamp", "", "missing time"),
        (3, "Participant", "", "missing patient id"),
        (1, "Recall period", "since the moon landing", "recall that does not exist"),
    )
    table.insert_faults(rng, anything, faults)
    for at in table.places(rng, 2, lambda line: table.cell(line, "Flare-up") == "no"):
        table.insert_spoiled(at, {"Flare-up": "yes"}, "same key, other content")
    for at in table.places(rng, 6, anything):
        table.insert_spoiled(at, {}, "row exported twice", DUPLICATE)
    for at in table.places(rng, 2, anything):
        # Above the headings such a line is a comment; between rows nobody can tell, so it is set aside, never dropped.
        table.insert_line(at, Line(text="# synchronised", planted=(Planted("", "comment among the rows", SET_ASIDE),)))
    return table


def questionnaires(facts: list[Fact], rng: np.random.Generator) -> MessyTable:
    """Return the questionnaire answers: month-first times, NA for a blank item."""
    columns = (
        Column("Subject ID", "patient_id", plain),
        Column("Form ID", "response_id", plain),
        Column("Completed", "completed_at", dated("%m/%d/%Y %H:%M")),
        Column("Questionnaire", "instrument_id", plain),
        Column("Item", "item_id", plain),
        Column("Value", "answer", worded({}, missing="NA")),
    )
    table = MessyTable.of("questionnaires.csv", columns, facts)
    answered = lambda line: table.cell(line, "Value") != "NA"  # noqa: E731 - a test of one line, used three times
    faults: tuple[Fault, ...] = (
        (2, "Value", "often", "answer written as a word"),
        (2, "Subject ID", "", "missing patient id"),
        (1, "Completed", "02/30/2026 10:00", "day that does not exist"),
    )
    table.insert_faults(rng, answered, faults)
    for at in table.places(rng, 2, answered):
        other = "0" if table.cell(table.rows[at], "Value") != "0" else "1"
        table.insert_spoiled(at, {"Value": other}, "same key, other content")
    for at in table.places(rng, 3, answered):
        table.insert_spoiled(at, {}, "row exported twice", DUPLICATE)
    # A form filled in twice with an answer outside 0 to 5: loading keeps it, scoring says out_of_range.
    for at in table.places(rng, 1, lambda line: table.cell(line, "Questionnaire") == "odi"):
        table.insert_spoiled(at, {"Value": "7", "Form ID": "odi-9"}, "answer outside the item's range", USED)
    return table


def patient_list(facts: list[Fact], rng: np.random.Generator) -> MessyTable:
    """Return the patient list: names, e-mail and phone that must never be stored; F, M and X for sex."""
    columns = (
        Column("Patient code", "patient_id", plain),
        Column("Year of birth", "birth_year", plain),
        Column("Gender", "sex", worded({"female": "F", "male": "M", "other": "X"})),
        Column("Clinic", "site", plain),
        Column("Therapist", "clinician", plain),
        Column("Pain since", "onset_date", dated("%d/%m/%Y")),
        Column("Enrolment date", "enrolled_date", dated("%d/%m/%Y")),
        Column("Discharge date", "discharged_date", dated("%d/%m/%Y")),
        Column("Diagnosis", "condition", plain),
    )
    table = MessyTable.of("patient_list.csv", columns, facts)
    table.add_column("Full name", REFUSED, "identifying column", lambda line: f"Test Person {str(line.cells[0])[1:]}")
    table.add_column("E-mail", REFUSED, "identifying column", lambda line: f"{str(line.cells[0]).lower()}@clinic.invalid")
    table.add_column("Mobile phone", REFUSED, "identifying column", lambda line: f"01632 96{str(line.cells[0])[1:]}")
    table.add_column("Parking space", DROPPED, "unknown column", lambda _line: "=1+1")
    anything = table.has("Patient code")
    faults: tuple[Fault, ...] = (
        (1, "Year of birth", "1066", "year out of range"),
        (1, "Patient code", "", "missing patient id"),
        (1, "Clinic", "elsewhere", "same key, other content"),
    )
    table.insert_faults(rng, anything, faults)
    for at in table.places(rng, 2, anything):
        table.insert_spoiled(at, {}, "row exported twice", DUPLICATE)
    return table


def plan_list(facts: list[Fact], rng: np.random.Generator) -> MessyTable:
    """Return the plans: semicolons, decimal commas, weekdays in words."""
    days = {"mon,wed,fri": "Mon, Wed, Fri", "tue,thu,sat": "Tue, Thu, Sat"}
    columns = (
        Column("Patient", "patient_id", plain),
        Column("Version", "plan_version", plain),
        Column("Exercise", "exercise_id", plain),
        Column("Plan start", "valid_from_date", dated("%d.%m.%Y")),
        Column("Plan end", "valid_to_date", dated("%d.%m.%Y")),
        Column("Times per week", "sessions_per_week", decimal_comma),
        Column("Fixed days", "weekdays", worded(days)),
        Column("Times per day", "sessions_per_day", plain),
        Column("Sets", "sets", decimal_comma),
        Column("Repetitions", "reps", decimal_comma),
        Column("Hold seconds", "hold_s", decimal_comma),
        Column("Minutes", "duration_min", decimal_comma),
        Column("Weight kg", "load_kg", decimal_comma),
        Column("Min RPE", "rpe_min", decimal_comma),
        Column("Max RPE", "rpe_max", decimal_comma),
        Column("Pain ceiling", "pain_ceiling_nprs", decimal_comma),
    )
    table = MessyTable.of("exercise_plans.csv", columns, facts)
    anything = table.has("Patient")
    faults: tuple[Fault, ...] = (
        (1, "Times per week", "99", "frequency out of range"),
        (1, "Plan start", "soon", "unreadable date"),
        (1, "Version", "0", "plan version out of range"),
        (1, "Sets", "-3", "negative sets"),
    )
    table.insert_faults(rng, anything, faults)
    for at in table.places(rng, 2, anything):
        table.insert_spoiled(at, {}, "row exported twice", DUPLICATE)
    return table


def flag_list(facts: list[Fact]) -> MessyTable:
    """Return the recorded red flags."""
    columns = (
        Column("Patient ID", "patient_id", plain),
        Column("Date recorded", "recorded_at", dated("%Y-%m-%d %H:%M")),
        Column("Red flag", "flag_id", plain),
        Column("Author code", "recorder", plain),
        Column("Resolved", "resolved_at", dated("%Y-%m-%d %H:%M")),
    )
    return MessyTable.of("red_flags.csv", columns, facts)
