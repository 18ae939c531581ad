"""What the day-count ledger returns: counts of days per window and the rows behind them. Evidence, not billing advice."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

_DAYS = {"unit": "days"}

LEDGER_CLOCKS = ("periods", "trailing", "calendar_month")
LEDGER_COUNTS = ("activity", "session_entry", "entry")
LEDGER_NOTE = "Evidence of recorded days. Not billing advice."


class DayLedger(TableModel):
    """One row is one patient and window of a day-count rule: days counted, days still needed and by when."""

    class Config:
        name = "day_ledger"
        metadata = {"key": ("patient_id", "rule_id", "window"), "sort": ("patient_id", "rule_id", "window")}

    patient_id: str = pa.Field(description="The person.")
    rule_id: str = pa.Field(description="Which rule, as in reference/ledger_rules.toml.")
    window: pl.Int32 = pa.Field(ge=1, description="1 for the window of the first day that counts.")
    clock: str = pa.Field(isin=LEDGER_CLOCKS, description="How windows follow each other.")
    counts: str = pa.Field(isin=LEDGER_COUNTS, description="What makes a day count.")
    from_date: pl.Date = pa.Field(description="First day of the window.")
    to_date: pl.Date = pa.Field(description="Last day of the window.")
    on_date: pl.Date = pa.Field(description="The day asked about; later entries are not counted.")
    is_current: bool = pa.Field(description="The window holds the day asked about.")
    counted_days: pl.Int32 = pa.Field(ge=0, description="Days that count.", metadata=_DAYS)
    needed_days: pl.Int32 = pa.Field(ge=1, description="Days the rule asks for.", metadata=_DAYS)
    still_needed_days: pl.Int32 = pa.Field(ge=0, description="Days missing to needed_days.", metadata=_DAYS)
    days_left: pl.Int32 = pa.Field(
        ge=0, nullable=True, description="Days of the window after the day asked about; missing: trailing.", metadata=_DAYS
    )
    is_met: bool = pa.Field(description="The window has the days the rule asks for.")
    met_date: pl.Date = pa.Field(nullable=True, description="Day on which it had; missing: not met.")
    is_reachable: bool = pa.Field(description="Met, or enough days of the window are left; a past window is not.")
    by_date: pl.Date = pa.Field(
        nullable=True, description="Last day for the missing days; missing: met, past, out of reach or trailing."
    )
    earliest_date: pl.Date = pa.Field(
        nullable=True, description="First day on which the rule can be met, if every day until then counts."
    )
    note: str = pa.Field(description="What the table is for.")


class LedgerEvidence(TableModel):
    """One row is one patient and day with an entry: what makes it count, or why it does not."""

    class Config:
        name = "ledger_evidence"
        metadata = {"key": ("patient_id", "rule_id", "date"), "sort": ("patient_id", "rule_id", "date")}

    patient_id: str = pa.Field(description="The person.")
    rule_id: str = pa.Field(description="Which rule, as in reference/ledger_rules.toml.")
    date: pl.Date = pa.Field(description="Local day.")
    window: pl.Int32 = pa.Field(
        ge=1, nullable=True, description="Window of `day_ledger` the day lies in; missing: before the first or in none."
    )
    is_counted: bool = pa.Field(description="The day counts.")
    n_sessions: pl.Int32 = pa.Field(ge=0, description="Sessions logged.", metadata={"unit": "sessions"})
    n_done: pl.Int32 = pa.Field(ge=0, description="Of these, sessions of which something was done.")
    n_rows: pl.Int32 = pa.Field(ge=0, description="Rows of these sessions.", metadata={"unit": "rows"})
    n_ratings: pl.Int32 = pa.Field(ge=0, description="Pain ratings.", metadata={"unit": "ratings"})
    sources: str = pa.Field(nullable=True, description="Sources of the session rows; missing: not recorded.")
    first_entry_at: pl.Datetime = pa.Field(nullable=True, description="Local time of the day's first entry.")
