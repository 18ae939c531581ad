"""Check the data of a study or of frames: every rule, per site and month, and what is missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from ptanalytics.errors import InvalidTableError
from ptanalytics.quality.counting import count_problems, rows_found
from ptanalytics.quality.repair_ledger import repaired_rows
from ptanalytics.quality.rules import limits_of
from ptanalytics.quality.schema_rules import rows_read_of, rule_id_of, rules_of_schema, schema_results
from ptanalytics.quality.tables import by_month, by_site, missingness, results_of_rules
from ptanalytics.schemas import TABLES
from ptanalytics.schemas.frames import as_caller_kind, conform, empty_frame, is_frame, to_pandas
from ptanalytics.settings import Settings, default_settings
from ptanalytics.study import Study


@dataclass(frozen=True)
class DataCheck:
    """What `check_data` found. Tables are pandas for a study, else of the caller's kind."""

    #: Table ``check_results``: one line per rule, those that cannot be judged included.
    rules: Any
    #: Tables ``check_results_by_site`` and ``check_results_by_month``. Rules of cells are not in them where their rows were
    #: set aside on import: a row set aside has no site and no month that can be trusted.
    rules_by_site: Any
    rules_by_month: Any
    #: Tables ``missingness``, ``missingness_by_site`` and ``missingness_by_month``.
    missing: Any
    missing_by_site: Any
    missing_by_month: Any
    #: Last day that was taken as real.
    cutoff_date: date
    _rows: Callable[[str], Any]

    @property
    def problems(self) -> Any:
        """The rules that found something, errors first and then most frequent first."""
        found = pl.DataFrame(self.rules) if isinstance(self.rules, pl.DataFrame) else pl.from_pandas(self.rules)
        order = pl.col("severity").replace_strict({"error": 0, "warning": 1, "note": 2}, return_dtype=pl.Int8)
        ordered = found.filter(pl.col("status") == "found").sort(order, -pl.col("n_found"), "rule_id")
        return as_caller_kind(ordered, self.rules)

    def rows(self, rule_id: str) -> Any:
        """Return which rows a rule found, by their keys: patient, day and what else names them.

        For a rule of cells whose rows were set aside on import: file and row. This shows patients' ids; it is for the
        screen of somebody who may see them.

        Args:
            rule_id: A rule, as in the column ``rule_id``.

        Raises:
            InvalidTableError: There is no such rule.
        """
        if rule_id not in set(self.rules["rule_id"]):
            message = f"There is no rule '{rule_id}'. See the column rule_id of .rules."
            raise InvalidTableError(message)
        return self._rows(rule_id)


def check_data(
    study: Any = None,
    *,
    thresholds: Mapping[str, float] | None = None,
    cutoff_date: date | None = None,
    settings: Settings | None = None,
    **frames: Any,
) -> DataCheck:
    """Check data for trouble that no single cell shows, and count what is missing.

    Each rule says how many rows (days of a patient, patients, forms) could be judged and how many break it:
    ``share_pct = 100 * n_found / n_checked``. A rule that could judge nothing is ``not_applicable`` and says why; it has
    not passed. Nothing is changed: errors were set aside on import and are counted from there, everything else is kept.

    Args:
        study: A study; without it give tables by name.
        thresholds: ``{"rule_id": number}`` for this run; wins over the study's ``[quality.thresholds]``. Rules and numbers
            are in ``reference/data_checks.toml``.
        cutoff_date: Last day that can be real; later entries are in the future. Without it today, in the study's time zone.
        settings: Settings in place of the study's.
        frames: Tables by name, pandas or Polars, e.g. ``sessions=df``.

    Returns:
        A `DataCheck`: ``.rules``, ``.rules_by_site``, ``.rules_by_month``, ``.missing``, ``.missing_by_site``,
        ``.missing_by_month``, ``.problems``, and ``.rows(rule_id)`` with the rows behind a rule.

    Raises:
        SettingsError: A threshold has an unknown name or is below 0.
        InvalidTableError: A frame is no table, or a column cannot be read as its type.

    Example:
        >>> import polars as pl
        >>> from datetime import date, datetime
        >>> log = pl.DataFrame({
        ...     "patient_id": ["A", "A"], "session_id": ["1", "2"], "exercise_id": ["dead_bug"] * 2,
        ...     "started_at": [datetime(2026, 3, 2, 18, 0), datetime(2026, 3, 2, 18, 2)],
        ... })
        >>> check = check_data(sessions=log, cutoff_date=date(2026, 6, 1))
        >>> check.problems.select("rule_id", "n_checked", "n_found").rows()
        [('sessions_near_duplicate', 2, 1), ('sessions_empty', 2, 2)]
        >>> check.rows("sessions_near_duplicate")["session_id"].to_list()
        ['2']

    References:
        Kahn 2016, doi:10.13063/2327-9214.1244 (kinds of data quality); Blacketer 2021, doi:10.1093/jamia/ocab132 (rules
        with counts, thresholds and a not-applicable state, as in OHDSI's DataQualityDashboard).
    """
    if study is not None and not isinstance(study, Study):
        message = "check_data takes one study, or tables by name: check_data(sessions=..., plans=...)."
        raise InvalidTableError(message)
    if study is not None and frames:
        message = "check_data takes a study or frames, not both."
        raise InvalidTableError(message)
    in_force = settings or (study.settings if study is not None else default_settings())
    options = {
        "limits": limits_of(in_force.quality.thresholds, thresholds or {}),
        "scoring": in_force.scoring,
        "cutoff_date": cutoff_date or _today(study),
    }
    return _check_frames(frames, options) if study is None else _check_study(study, options)


def _today(study: Study | None) -> date:
    return datetime.now(ZoneInfo(study.timezone) if study is not None else None).date()


def _check_study(study: Study, options: dict[str, Any]) -> DataCheck:
    options |= {"present": frozenset(t for t in TABLES if study.has_table(t)), "with_schema_rules": False}
    tables = list(TABLES)

    def run(compute: Callable[..., pl.LazyFrame], **more: Any) -> pl.DataFrame:
        return study.run(compute, tables=tables, optional=tables, options=options | more, name="check_data")

    counts = run(count_problems)
    missing = missingness(counts)
    reasons = _open_reasons(study)
    of_cells = schema_results(reasons, rows_read_of(study.receipts()), missing)

    def rows(rule_id: str) -> Any:
        if rule_id in set(of_cells["rule_id"]):
            names = [rule_id_of(*key) for key in reasons.select("table", "column", "rule").rows()]
            return to_pandas(reasons.filter(pl.Series(names, dtype=pl.String) == rule_id))
        return to_pandas(run(rows_found, rule_id=rule_id))

    return _assembled(counts, of_cells, options, rows, kind=None)


def _open_reasons(study: Study) -> pl.DataFrame:
    """Return why rows were set aside, without those of rows that were repaired."""
    quarantine = study.quarantine()
    line = ["table", "import_number", "file", "row"]
    types = {"import_number": pl.Int32, "row": pl.Int64}
    reasons = pl.from_pandas(quarantine.reasons).cast(types)  # type: ignore[arg-type]
    rows = pl.from_pandas(quarantine.rows[line]).cast(types)  # type: ignore[arg-type]
    # A line of a wide file can be several rows of a table; it is done when all of them are.
    done = repaired_rows(study.path).group_by(line).agg(n_done=pl.len())
    left = rows.group_by(line).agg(n=pl.len()).join(done, on=line, how="inner").filter(pl.col("n_done") >= pl.col("n"))
    return reasons.join(left, on=line, how="anti", maintain_order="left")


def _check_frames(given: Mapping[str, Any], options: dict[str, Any]) -> DataCheck:
    unknown = [name for name in given if name not in TABLES]
    if unknown or not given:
        found = f"there is no table called {', '.join(unknown)}" if unknown else "no table was given"
        message = f"check_data takes a study or tables by name, but {found}. Tables are: {', '.join(TABLES)}."
        raise InvalidTableError(message)
    if wrong := [name for name, frame in given.items() if not is_frame(frame)]:
        message = f"The table {', '.join(wrong)} must be a pandas or Polars frame."
        raise InvalidTableError(message)
    try:
        held = {name: conform(frame, TABLES[name]).collect() for name, frame in given.items()}
    except pl.exceptions.PolarsError:
        # The engine's own message shows the cell it stumbled over.
        message = "A column cannot be read as its type. Load the export with load_exports, which says which cell is wrong."
        raise InvalidTableError(message) from None
    frames: dict[str, Any] = {name: held.get(name, empty_frame(TABLES[name])).lazy() for name in TABLES}
    options |= {"present": frozenset(n for n, f in held.items() if f.height), "with_schema_rules": True}
    counts = count_problems(**options, **frames).collect()
    kind = next(iter(given.values()))
    of_cells = rules_of_schema(list(given)).join(
        counts.filter(pl.col("kind") == "rule").group_by("name").agg(pl.col("n_checked").sum(), pl.col("n_found").sum()),
        left_on="rule_id",
        right_on="name",
        how="left",
    )

    def rows(rule_id: str) -> Any:
        return as_caller_kind(rows_found(rule_id=rule_id, **options, **frames).collect(), kind)

    return _assembled(counts, of_cells.with_columns(pl.col("n_checked", "n_found").fill_null(0)), options, rows, kind=kind)


def _assembled(
    counts: pl.DataFrame, of_cells: pl.DataFrame, options: Mapping[str, Any], rows: Callable[[str], Any], *, kind: Any
) -> DataCheck:
    rules = results_of_rules(counts, of_cells, options["limits"], options["present"])
    severities = rules.select("rule_id", "severity")
    # A lazy frame cannot be looked into without running it, so who gives lazy frames gets plain Polars ones.
    kind = pl.DataFrame() if isinstance(kind, pl.LazyFrame) else kind

    def out(frame: pl.DataFrame) -> Any:
        return as_caller_kind(frame, kind)

    return DataCheck(
        rules=out(rules),
        rules_by_site=out(by_site(counts, severities)),
        rules_by_month=out(by_month(counts, severities)),
        missing=out(missingness(counts)),
        missing_by_site=out(missingness(counts, "site")),
        missing_by_month=out(missingness(counts, "month_date")),
        cutoff_date=options["cutoff_date"],
        _rows=rows,
    )
