"""The tables of the sample clinic, in memory."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import polars as pl

from ptanalytics.samples.course import PainCourse
from ptanalytics.samples.diary import pain_rows, session_rows
from ptanalytics.samples.people import Person, people
from ptanalytics.samples.prescriptions import Pause, Version, pauses, plan_versions
from ptanalytics.samples.questionnaires import response_rows, weekly_rating_rows
from ptanalytics.schemas.model import columns_of, sort_of
from ptanalytics.schemas.tables import TABLES

Row = dict[str, Any]
#: The tables the clinic exports, in the order they are written.
EXPORTED_TABLES = ("patients", "plans", "pauses", "sessions", "pain_scores", "responses", "flags")
TIMEZONE = "Europe/London"


@dataclass(frozen=True)
class ClinicFacts:
    """Everything that is true in the sample clinic: its tables, and which part each person plays."""

    tables: dict[str, pl.DataFrame]
    #: patient_id to role name.
    roles: dict[str, str]


def clinic_facts(seed: int) -> ClinicFacts:
    """Generate the clinic. The same seed gives the same facts."""
    rows: dict[str, list[Row]] = {name: [] for name in EXPORTED_TABLES}
    everybody = people(seed)
    for person in everybody:
        for name, more in _story(person, seed).items():
            rows[name] += more
    return ClinicFacts(
        tables={name: _table(name, found) for name, found in rows.items()},
        roles={person.patient_id: person.role.name for person in everybody},
    )


def _story(person: Person, seed: int) -> dict[str, list[Row]]:
    versions, breaks = plan_versions(person, seed), pauses(person, seed)
    course = PainCourse(person, seed, versions[1].valid_from_date if len(versions) > 1 else None)
    return {
        "patients": [_patient_row(person)],
        "plans": [row for version in versions for row in _plan_rows(person, version)],
        "pauses": [_pause_row(person, pause) for pause in breaks],
        "sessions": session_rows(person, versions, breaks, course, seed),
        "pain_scores": pain_rows(person, course, seed) + weekly_rating_rows(person, course, seed),
        "responses": response_rows(person, course, seed),
        "flags": _flag_rows(person, seed),
    }


def _table(name: str, rows: list[Row]) -> pl.DataFrame:
    infos = columns_of(TABLES[name])
    columns = {
        column: pl.Series(column, [row.get(column) for row in rows], dtype=info.dtype, strict=False)
        for column, info in infos.items()
    }
    return pl.DataFrame(columns).sort(sort_of(TABLES[name]), maintain_order=True)


def _patient_row(person: Person) -> Row:
    weeks = (person.start_date - person.onset_date).days / 7
    return {
        "patient_id": person.patient_id,
        "birth_year": person.birth_year,
        "sex": person.sex,
        "site": person.site,
        "clinician": person.clinician,
        "onset_date": person.onset_date,
        "enrolled_date": person.enrolled_date,
        "discharged_date": person.discharged_date,
        "condition": "chronic low back pain" if weeks > 12 else "subacute low back pain",
    }


def _plan_rows(person: Person, version: Version) -> list[Row]:
    head: Row = {
        "patient_id": person.patient_id,
        "plan_version": version.plan_version,
        "valid_from_date": version.valid_from_date,
        "valid_to_date": version.valid_to_date,
        "sessions_per_week": version.sessions_per_week,
        "weekdays": version.weekdays,
        "sessions_per_day": version.sessions_per_day,
        "pain_ceiling_nprs": version.pain_ceiling_nprs,
        "rpe_min": 2,
        "rpe_max": 5,
    }
    return [
        head
        | {
            "exercise_id": dose.exercise_id,
            "sets": dose.sets,
            "reps": dose.reps,
            "hold_s": dose.hold_s,
            "duration_min": dose.duration_min,
            "load_kg": dose.load_kg,
        }
        for dose in version.doses
    ]


def _pause_row(person: Person, pause: Pause) -> Row:
    return {
        "patient_id": person.patient_id,
        "from_date": pause.from_date,
        "to_date": pause.to_date,
        "kind": pause.kind,
        "is_excused": pause.is_excused,
    }


def _flag_rows(person: Person, seed: int) -> list[Row]:
    if not person.role.name.startswith("red_flag"):
        return []
    rng = person.generator(seed, 9)
    recorded = datetime.combine(person.start_date + timedelta(days=30), time(10, int(rng.integers(0, 60))))
    is_resolved = person.role.name == "red_flag_resolved"
    return [
        {
            "patient_id": person.patient_id,
            "recorded_at": recorded,
            "flag_id": "fever_unwell" if is_resolved else "weight_loss",
            "recorder": person.clinician,
            "resolved_at": recorded + timedelta(days=6, hours=3) if is_resolved else None,
        }
    ]
