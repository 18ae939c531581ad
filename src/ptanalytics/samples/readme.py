"""The README that is written beside the samples."""

from collections import Counter

from ptanalytics.samples.clinic import TIMEZONE, ClinicFacts
from ptanalytics.samples.messy_lines import Defect
from ptanalytics.samples.people import EXPORT_DATE

_CLEAN_FILES = {
    "patients.csv": "a row per person: site, clinician, onset, enrolment, discharge",
    "plans.csv": "a row per exercise of a plan version: dose, frequency or weekdays, ceilings",
    "pauses.csv": "holds, holidays, illness and an app outage; one hold is still running",
    "sessions.csv": "a row per exercise of a logged session: volume, completion, pain, effort, reason if skipped",
    "pain_scores.csv": "daily ratings (recall avg_24h); paper diaries also hold a weekly seven-day rating (avg_7d)",
    "responses.csv": "ODI, RMDQ-24 and seven-day pain answers by item id at baseline, week 6 and week 12; no wording",
    "flags.csv": "one red flag that is unresolved, one that was resolved",
}
_MESSY_FILES = {
    "north_sessions.csv": "byte order mark, semicolons, decimal commas, day-first dates, lines above the headings",
    "south_clinic.xlsx": "two sheets: sessions and breaks, dates as bare serial numbers",
    "pain_diary.tsv": "tabs, comment lines, UTC times with Z, ratings written as 7/10",
    "questionnaires.csv": "month-first times, NA for a blank item, one answer outside its range",
    "patient_list.csv": "names, e-mail and phone numbers (all invented) that must be refused; F, M, X",
    "exercise_plans.csv": "semicolons, day-first dates, weekdays in words",
    "red_flags.csv": "times to the minute",
}


def readme_text(facts: ClinicFacts, defects: list[Defect], seed: int) -> str:
    """Return the README: what is generated, from which seed, and what each file shows."""
    rows = {name: len(table) for name, table in facts.tables.items()}
    ends = Counter(defect.expected for defect in defects)
    parts = Counter(facts.roles.values())
    return "\n".join(
        (
            "# Sample clinic",
            "",
            "Everything here is generated; nobody's data. Written by `ptanalytics samples`, that is",
            f"`ptanalytics.write_samples(folder, seed={seed})`: the same seed gives the same bytes. Do not edit by hand.",
            "",
            f"{rows['patients']} people with low back pain, 3 clinicians, 2 sites, twelve-week programmes that start over",
            f"some months of 2026, exported on {EXPORT_DATE.isoformat()}. Local times are {TIMEZONE}.",
            "",
            "## clean/: exports in our own column names",
            "",
            *(f"- `{file}` ({rows[file.removesuffix('.csv')]} rows): {what}" for file, what in _CLEAN_FILES.items()),
            "",
            "## messy/: the same facts as real exports look",
            "",
            *(f"- `{file}`: {what}" for file, what in _MESSY_FILES.items()),
            "",
            "Every true row of `clean/` is in `messy/`; spoiled rows come on top.",
            "",
            "## defects.csv: what was planted, and how each must end",
            "",
            "`file,row,column,kind,expected`: the file as a receipt names it; the row is the line of a text file or",
            "the row of a sheet, and empty for a whole column.",
            "",
            ", ".join(f"{expected} {number}" for expected, number in sorted(ends.items())) + ".",
            "",
            "## roles.csv: the part each person plays",
            "",
            ", ".join(f"{role} {number}" for role, number in sorted(parts.items())) + ".",
            "",
        )
    )
