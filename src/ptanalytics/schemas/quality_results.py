"""What data checks return: rules and what they found, and what is missing."""

import pandera.polars as pa
import polars as pl

from ptanalytics.schemas.model import TableModel

SEVERITIES = ("error", "warning", "note")
CATEGORIES = ("conformance", "completeness", "plausibility")
CHECK_STATUSES = ("passed", "found", "not_applicable")
COUNTED = ("rows", "days", "patients", "forms")

_PCT: dict[str, str] = {"unit": "%"}


class CheckResults(TableModel):
    """One row is one rule over the whole of the data. A rule that could not look at anything has not passed."""

    class Config:
        name = "check_results"
        metadata = {"key": ("rule_id",), "sort": ("table", "rule_id")}

    rule_id: str = pa.Field(description="The rule, e.g. sessions_near_duplicate.")
    sentence: str = pa.Field(description="What is wrong where the rule finds something.")
    severity: str = pa.Field(
        isin=SEVERITIES, description="error: rows that cannot be trusted; warning: look at them; note: worth knowing."
    )
    category: str = pa.Field(isin=CATEGORIES, description="Kind of data quality after Kahn 2016.")
    table: str = pa.Field(description="Table the rule is about.")
    column: str = pa.Field(nullable=True, description="Column it is about; missing: several.")
    counts: str = pa.Field(isin=COUNTED, description="What is counted: rows, days of a patient, patients, forms.")
    n_checked: pl.Int64 = pa.Field(ge=0, description="How many could be judged.")
    n_found: pl.Int64 = pa.Field(ge=0, description="How many break the rule.")
    share_pct: float = pa.Field(
        ge=0, le=100, nullable=True, description="n_found of n_checked; missing: nothing was checked.", metadata=_PCT
    )
    threshold: float = pa.Field(nullable=True, description="The rule's number in force; missing: it has none.")
    unit: str = pa.Field(nullable=True, description="Unit of the threshold.")
    min_rows: pl.Int64 = pa.Field(ge=1, nullable=True, description="Entries needed before the rule can judge.")
    status: str = pa.Field(isin=CHECK_STATUSES, description="passed, found, or not_applicable: nothing could be checked.")
    reason: str = pa.Field(nullable=True, description="Why the rule is not applicable; missing: it is.")
    source: str = pa.Field(description="Where the rule and its number come from.")


class CheckResultsBySite(TableModel):
    """One row is one rule at one site, for rules that could judge something there."""

    class Config:
        name = "check_results_by_site"
        metadata = {"key": ("rule_id", "site"), "sort": ("table", "rule_id", "site")}

    rule_id: str = pa.Field(description="The rule.")
    severity: str = pa.Field(isin=SEVERITIES, description="How bad it is.")
    table: str = pa.Field(description="Table the rule is about.")
    site: str = pa.Field(nullable=True, description="Site of the patient; missing: not known.")
    n_checked: pl.Int64 = pa.Field(ge=0, description="How many could be judged.")
    n_found: pl.Int64 = pa.Field(ge=0, description="How many break the rule.")
    share_pct: float = pa.Field(ge=0, le=100, nullable=True, description="n_found of n_checked.", metadata=_PCT)


class CheckResultsByMonth(TableModel):
    """One row is one rule in one calendar month, for rules that could judge something there."""

    class Config:
        name = "check_results_by_month"
        metadata = {"key": ("rule_id", "month_date"), "sort": ("table", "rule_id", "month_date")}

    rule_id: str = pa.Field(description="The rule.")
    severity: str = pa.Field(isin=SEVERITIES, description="How bad it is.")
    table: str = pa.Field(description="Table the rule is about.")
    month_date: pl.Date = pa.Field(
        nullable=True, description="First day of the month; missing: not known, or the rule looks at more than one."
    )
    n_checked: pl.Int64 = pa.Field(ge=0, description="How many could be judged.")
    n_found: pl.Int64 = pa.Field(ge=0, description="How many break the rule.")
    share_pct: float = pa.Field(ge=0, le=100, nullable=True, description="n_found of n_checked.", metadata=_PCT)


class Missingness(TableModel):
    """One row is one column that may be missing."""

    class Config:
        name = "missingness"
        metadata = {"key": ("table", "column"), "sort": ("table", "column")}

    table: str = pa.Field(description="Table.")
    column: str = pa.Field(description="Column.")
    n_rows: pl.Int64 = pa.Field(ge=0, description="Rows of the table.")
    n_missing: pl.Int64 = pa.Field(ge=0, description="Rows without a value.")
    missing_pct: float = pa.Field(ge=0, le=100, nullable=True, description="n_missing of n_rows.", metadata=_PCT)
    is_recorded: bool = pa.Field(description="Whether any row has a value; without any the column was never exported.")
    missing_means: str = pa.Field(nullable=True, description="What a missing value says; missing: nothing is known.")


class MissingnessBySite(TableModel):
    """One row is one column at one site."""

    class Config:
        name = "missingness_by_site"
        metadata = {"key": ("table", "column", "site"), "sort": ("table", "column", "site")}

    table: str = pa.Field(description="Table.")
    column: str = pa.Field(description="Column.")
    site: str = pa.Field(nullable=True, description="Site of the patient; missing: not known.")
    n_rows: pl.Int64 = pa.Field(ge=0, description="Rows of the table.")
    n_missing: pl.Int64 = pa.Field(ge=0, description="Rows without a value.")
    missing_pct: float = pa.Field(ge=0, le=100, nullable=True, description="n_missing of n_rows.", metadata=_PCT)


class MissingnessByMonth(TableModel):
    """One row is one column in one calendar month."""

    class Config:
        name = "missingness_by_month"
        metadata = {"key": ("table", "column", "month_date"), "sort": ("table", "column", "month_date")}

    table: str = pa.Field(description="Table.")
    column: str = pa.Field(description="Column.")
    month_date: pl.Date = pa.Field(nullable=True, description="First day of the month; missing: not known.")
    n_rows: pl.Int64 = pa.Field(ge=0, description="Rows of the table.")
    n_missing: pl.Int64 = pa.Field(ge=0, description="Rows without a value.")
    missing_pct: float = pa.Field(ge=0, le=100, nullable=True, description="n_missing of n_rows.", metadata=_PCT)


QUALITY_RESULTS = (
    CheckResults,
    CheckResultsBySite,
    CheckResultsByMonth,
    Missingness,
    MissingnessBySite,
    MissingnessByMonth,
)
