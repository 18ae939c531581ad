"""Small files of every kind that can be loaded, to be broken in every way by the fuzz tests. None holds a real person."""

import gzip
import io
import json
import tempfile
import zipfile
from pathlib import Path

import polars as pl
import pyreadstat

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
REAL = Path(__file__).parents[2] / "shared" / "data"

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "gender": "female",
    "birthDate": "1970-04-01",
    "name": [{"family": "Never", "given": ["Read"]}],
    "telecom": [{"system": "phone", "value": "555 0100"}],
}


def pain(number, value, **more):
    """Return one pain rating of LOINC 72514-3."""
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3", "display": "Pain severity"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": f"2026-01-{number:02d}T10:00:00+01:00",
        "valueQuantity": {"value": value, "unit": "{score}", "code": "{score}"},
        **more,
    }


def odi_form(number=1, **more):
    """Return a questionnaire response with ordinal values, a nested item and an answer in free text."""
    url = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
    items = [
        {
            "linkId": f"odi-{n}",
            "answer": [{"valueCoding": {"extension": [{"url": url, "valueDecimal": n % 6}], "code": "x"}}],
        }
        for n in range(1, 11)
    ]
    note = {"linkId": "note", "answer": [{"valueString": "free text is never read"}]}
    return {
        "resourceType": "QuestionnaireResponse",
        "id": f"q{number}",
        "questionnaire": "http://example.org/fhir/Questionnaire/OswestryDisabilityIndexQuestionnaire|1.0",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "authored": "2026-01-15T10:30:00Z",
        "item": [{"linkId": "page", "item": [*items, note]}],
        **more,
    }


def care_plan(**more):
    """Return a care plan with one exercise three times a week."""
    stretching = {"coding": [{"system": "http://snomed.info/sct", "code": "229070002"}]}
    timing = {"repeat": {"frequency": 3, "period": 1, "periodUnit": "wk", "duration": 20, "durationUnit": "min"}}
    return {
        "resourceType": "CarePlan",
        "id": "c1",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-01-01", "end": "2026-03-01"},
        "activity": [{"detail": {"code": stretching, "status": "in-progress", "scheduledTiming": timing}}],
        **more,
    }


def procedure(**more):
    """Return one session of exercise therapy of half an hour."""
    return {
        "resourceType": "Procedure",
        "id": "s1",
        "status": "completed",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "229065009"}]},
        "subject": {"reference": "Patient/p1"},
        "performedPeriod": {"start": "2026-01-05T10:00:00Z", "end": "2026-01-05T10:30:00Z"},
        **more,
    }


def resources():
    """Return a few resources of each kind that is read, and one that is not."""
    claim = {"resourceType": "Claim", "id": "x1"}
    return [PATIENT, *(pain(n, n % 11) for n in range(1, 15)), odi_form(), care_plan(), procedure(), claim]


def bundle():
    """Return the resources as a Bundle."""
    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources()]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def lines(records):
    """Return records as NDJSON."""
    return "".join(json.dumps(record) + "\n" for record in records).encode()


APPLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!ELEMENT HealthData (ExportDate,Me,(Record|Workout)*)>
<!ATTLIST Workout workoutActivityType CDATA #REQUIRED>
]>
<HealthData locale="en_GB">
 <ExportDate value="2026-02-01 09:00:00 +0000"/>
 <Me HKCharacteristicTypeIdentifierDateOfBirth="1970-04-01"/>
 <Record type="HKQuantityTypeIdentifierStepCount" sourceName="Somebody's Watch" unit="count" value="10"/>
 <Workout workoutActivityType="HKWorkoutActivityTypeCoreTraining" duration="20.5" durationUnit="min"
   sourceName="Somebody's Watch" startDate="2026-01-05 08:00:00 +0000" endDate="2026-01-05 08:20:30 +0000">
  <MetadataEntry key="HKIndoorWorkout" value="1"/>
 </Workout>
 <Workout workoutActivityType="HKWorkoutActivityTypeYoga" duration="0.5" durationUnit="hr"
   sourceName="Health" startDate="2026-01-06 18:00:00 +0000" endDate="2026-01-06 18:30:00 +0000">
  <MetadataEntry key="HKWasUserEntered" value="1"/>
 </Workout>
</HealthData>
"""

HEVY = (
    b'"title","start_time","end_time","description","exercise_title","superset_id","exercise_notes","set_index","set_type",'
    b'"weight_kg","reps","distance_km","duration_seconds","rpe"\n'
    b'"Morning","22 Dec 2025, 08:00","22 Dec 2025, 08:37","","Bird Dog",,"",0,"warmup",,5,,,\n'
    b'"Morning","22 Dec 2025, 08:00","22 Dec 2025, 08:37","","Bird Dog",,"",1,"normal",10,8,,,7\n'
    b'"Morning","22 Dec 2025, 08:00","22 Dec 2025, 08:37","","Bird Dog",,"",2,"normal",20,6,,,8\n'
    b'"Morning","22 Dec 2025, 08:00","22 Dec 2025, 08:37","","Plank",,"",0,"normal",,,,60,\n'
)

FITNOTES = (
    b"Date,Exercise,Category,Weight (kg),Reps,Distance,Distance Unit,Time,Comment\n"
    b"2026-01-15,Glute Bridge,Legs,20.0,10,,,,\n"
    b"2026-01-15,Glute Bridge,Legs,30.0,8,,,,\n"
    b"2026-01-15,Plank,Abs,,,,,0:01:30,\n"
)

OMOP_MEASUREMENT = (
    b"measurement_id,person_id,measurement_concept_id,measurement_date,measurement_datetime,value_as_number,"
    b"unit_concept_id,measurement_source_value\n"
    b"1,11,43055141,2026-01-05,2026-01-05 09:00:00,4,44777566,72514-3\n"
    b"2,11,3025315,2026-01-05,2026-01-05 09:00:00,81.5,9529,29463-7\n"
    b"3,12,0,2026-01-06,,6,,LOINC:38208-5\n"
    b"4,12,0,2026-01-07,,32,,97909-6\n"
)

OMOP_PERSON = (
    b"person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,race_concept_id,person_source_value\n"
    b"11,8532,1970,4,1,0,MRN-1\n12,8507,1985,,,0,MRN-2\n13,0,1990,,,0,\n"
)

DIARY = b"Patient;Date;NRS;Site\nA;05.01.2026;3,5;back\nA;06.01.2026;4;back\nB;13.01.2026;7/10;\n"


def zipped(**members):
    """Return a zip with these members."""
    return zipped_of(members.items())


def zipped_of(members):
    """Return a zip with members of any name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def workbook(head):
    """Return an Excel workbook with one sheet."""
    out = io.BytesIO()
    head.write_excel(out)
    return out.getvalue()


def written(write, frame, name):
    """Return the bytes of a file that a writer can only put on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        write(frame, str(path))
        return path.read_bytes()


def corpus():
    """Return a file name and its bytes for each kind of export."""
    pain_rows = pl.DataFrame(
        {
            "patient_id": ["A", "A", "B"],
            "recorded_at": ["2026-01-05", "2026-01-06", "2026-01-07"],
            "pain_nprs": [3.0, 4.5, 7.0],
        }
    )
    statistics = pain_rows.to_pandas()
    parquet = io.BytesIO()
    pain_rows.write_parquet(parquet)
    log = [
        {"patient_id": "A", "date": f"2026-01-{n:02d}", "pain": {"now": n % 11}, "days": ["mon", "wed"]}
        for n in range(1, 20)
    ]
    small = {
        "diary.csv": DIARY,
        "hevy_P1.csv": HEVY,
        "fit_P1.csv": FITNOTES,
        "measurement.csv": OMOP_MEASUREMENT,
        "person.csv": OMOP_PERSON,
        "pain.parquet": parquet.getvalue(),
        "pain.xlsx": workbook(pain_rows),
        "pain.sav": written(pyreadstat.write_sav, statistics, "pain.sav"),
        "pain.dta": written(pyreadstat.write_dta, statistics, "pain.dta"),
        "log.json": json.dumps(log).encode(),
        "log.ndjson": lines(log),
        "bundle.json": json.dumps(bundle(), indent=1).encode(),
        "bulk.ndjson": lines(resources()),
        "P1.xml": APPLE,
        "diary.csv.gz": gzip.compress(DIARY),
        "exports.zip": zipped_of([("diary.csv", DIARY), ("more/person.csv", OMOP_PERSON), ("readme.pdf", b"%PDF")]),
        "P1.zip": zipped_of([("apple_health_export/export.xml", APPLE)]),
        **_in_other_encodings(),
        **_checkboxes(),
        "eq5d.csv": b"id,date,State\n1,2026-01-05,11241\n2,2026-01-06,12345\n3,2026-01-06,\n",
    }
    return small | _heads()


def _in_other_encodings():
    """Return diaries with letters beyond a to z, in encodings that are not UTF-8 and in two at once."""
    sites = {
        "cp1250": "dół pleców",
        "mac_roman": "Hüfte, öfter",
        "cp1251": "спина",
        "gb18030": "腰痛，不好",
        "shift_jis": "腰が痛い",
        "utf-32": "hüfte",
        "cp1252": "Irène",
    }
    head = "Patient,Date,NRS,Site\n"
    lines = {name: f'A,2026-01-05,3,"{site}"\nB,2026-01-06,4,knee\n' for name, site in sites.items()}
    found = {f"diary_{name}.csv": (head + text).encode(name) for name, text in lines.items()}
    mixed = head.encode() + lines["cp1252"].encode() * 2 + lines["cp1252"].encode("cp1252")
    return found | {"diary_mixed.csv": mixed}


def _checkboxes():
    """Return REDCap exports with boxes of a questionnaire and of weekdays, with a missing-data code, and with labels."""
    codes = range(1, 25)
    raw = ["record_id", "diagnosis___1", "diagnosis____99", "rmdq_date", *(f"rmdq___{n}" for n in codes), "rmdq____99"]
    labels = ["Record ID", "Event Name", "Form date", *(f"RMDQ (choice=Sentence {n})" for n in codes), "Complete?"]
    rows = [[str(n), "1", "0", "2026-01-05", *(str((n + c) % 2) for c in codes), "0", "2"] for n in range(1, 6)]
    words = [[r[0], "Baseline", r[3], *("Checked" if c == "1" else "Unchecked" for c in r[4:28]), "Complete"] for r in rows]
    days = [
        "record_id",
        "plan_version",
        "exercise_id",
        "valid_from_date",
        *(f"days___{n}" for n in range(1, 8)),
        "plan_complete",
    ]
    plans = [[str(n), "1", "plank", "2026-01-05", *"1010100", "2"] for n in range(1, 6)]
    tables = {"boxes.csv": [[*raw, "rmdq_complete"], *rows], "box_labels.csv": [labels, *words], "days.csv": [days, *plans]}
    return {name: ("\n".join(",".join(cells) for cells in table) + "\n").encode() for name, table in tables.items()}


def _heads():
    """Return the first lines of sample files and, where they are at hand, of real ones."""
    found = {}
    real = [
        "medication_events",
        "pain_diaries",
        "workout_exports",
        "redcap/longitudinal",
        "redcap/survey",
        "redcap/russian",
    ]
    folders = [SAMPLES / "clean", SAMPLES / "messy", *(REAL / name for name in real)]
    for folder in folders:
        for file in sorted(folder.glob("*.[ct]sv")) if folder.is_dir() else []:
            with file.open("rb") as lines_of_file:
                found[f"{folder.name}-{file.name}"] = b"".join(
                    line for _, line in zip(range(40), lines_of_file, strict=False)
                )
    for file in sorted((REAL / "fhir").glob("ahrq*.json")):
        found[file.name] = file.read_bytes()
    return found
