"""What stands behind one number of adherence: its days, its logged rows and its arithmetic."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

_SESSIONS = {"unit": "sessions"}


class ExplainedDays(TableModel):
    """One row is one day of the week or window explained."""

    class Config:
        name = "explained_days"
        metadata = {"key": ("patient_id", "date"), "sort": ("patient_id", "date")}

    patient_id: str = pa.Field(description="The person.")
    date: pl.Date = pa.Field(description="Local day.")
    week: pl.Int32 = pa.Field(description="Week, as in weekly adherence.")
    plan_version: pl.Int32 = pa.Field(nullable=True, description="Plan version in force; missing: none.")
    is_excused: bool = pa.Field(description="Inside an excused pause.")
    is_eligible: bool = pa.Field(description="A plan is in force and the day is not excused.")
    prescribed: float = pa.Field(ge=0, description="What accrued on the day.", metadata=_SESSIONS)
    logged: pl.Int32 = pa.Field(ge=0, description="Sessions logged.", metadata=_SESSIONS)
    complete: pl.Int32 = pa.Field(ge=0, description="Of these, sessions done enough to count.", metadata=_SESSIONS)
    countable: pl.Int32 = pa.Field(ge=0, description="Of these, what may count on the day.", metadata=_SESSIONS)
    why: str = pa.Field(description="The day in words.")


class ExplainedRows(TableModel):
    """One row is one logged row of the week or window explained."""

    class Config:
        name = "explained_rows"
        metadata = {
            "key": ("patient_id", "session_id", "exercise_id"),
            "sort": ("patient_id", "date", "session_id", "exercise_id"),
        }

    patient_id: str = pa.Field(description="The person.")
    date: pl.Date = pa.Field(description="Local day of the session.")
    session_id: str = pa.Field(description="The export's id of the session.")
    exercise_id: str = pa.Field(description="Exercise as logged.")
    is_prescribed: bool = pa.Field(description="The version in force prescribes it.")
    fraction: float = pa.Field(ge=0, le=1, description="Share of it done, at most 1.")
    session_completion: float = pa.Field(ge=0, le=1, description="Share of the whole session done.")


class ExplainedReadings(TableModel):
    """One row is one thing recorded that an outcome number is made from, or that was left out of it."""

    class Config:
        name = "explained_readings"
        metadata = {"key": ("patient_id", "date", "what"), "sort": ("patient_id", "date", "what")}

    patient_id: str = pa.Field(description="The person.")
    date: pl.Date = pa.Field(nullable=True, description="Local day.")
    what: str = pa.Field(description="What was recorded: a day's value, a rating, a form, an item by its id, an entry.")
    value: float = pa.Field(nullable=True, description="The value as recorded, in its own unit; missing: left blank.")
    counts_as: float = pa.Field(nullable=True, description="The number that goes into the arithmetic.")
    part: str = pa.Field(nullable=True, description="Its part in the number, e.g. baseline; missing: not used.")
    why: str = pa.Field(nullable=True, description="Remark: why it was not used, or what was done with it.")


class OutcomeNumbers(TableModel):
    """One row is one outcome number of one patient that can be explained, with what names it."""

    class Config:
        name = "outcome_numbers"
        metadata = {
            "key": ("patient_id", "number", "measure", "target_week", "day", "plan_version", "exercise_id"),
            "sort": ("patient_id", "number", "measure", "target_week", "day", "plan_version", "exercise_id"),
        }

    patient_id: str = pa.Field(description="The person.")
    number: str = pa.Field(description="Analysis the number is of, as explain_outcome takes it.")
    label: str = pa.Field(description="The number in words.")
    measure: str = pa.Field(nullable=True, description="Measure, where the number has one.")
    target_week: pl.Int32 = pa.Field(nullable=True, description="Week, where it has one.", metadata={"unit": "weeks"})
    day: pl.Date = pa.Field(nullable=True, description="Day, where it has one.")
    plan_version: pl.Int32 = pa.Field(nullable=True, description="Plan version, where it has one.")
    exercise_id: str = pa.Field(nullable=True, description="Exercise, where it has one.")
    value: str = pa.Field(nullable=True, description="The number or class as text; missing: see reason.")
    unit: str = pa.Field(nullable=True, description="Unit of the number; missing: that of the measure, or a class.")
    reason: str = pa.Field(nullable=True, description="Why there is no number, or why it has no class.")


EXPLAIN_RESULTS = (ExplainedDays, ExplainedRows, ExplainedReadings, OutcomeNumbers)
