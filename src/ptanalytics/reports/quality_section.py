"""What became of the exported rows, and how completely people logged."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from ptanalytics.charts.wording import number_text, share_text
from ptanalytics.quality import check_data, n_repaired
from ptanalytics.reports.content import Block, Bullets, Heading, Paragraph, Table
from ptanalytics.reports.facts import OutcomeFacts

if TYPE_CHECKING:
    from ptanalytics.study import Study

_COUNTS = {
    "rows_read": "Read",
    "rows_used": "Used",
    "rows_set_aside": "Set aside",
    "rows_duplicate": "Duplicate",
    "rows_ignored": "Headings, comments, blank",
}


def quality_section(study: "Study", facts: OutcomeFacts) -> list[Block]:
    """Return totals of all imports, rows set aside by rule, what data checks found, and logging coverage."""
    return [
        Heading("Data quality"),
        _imports(study.receipts(standing=True)),
        *_set_aside(pl.from_pandas(study.quarantine().reasons)),
        *_repaired(n_repaired(study)),
        *_checks(pl.from_pandas(check_data(study).rules), facts),
        *_notes(study.receipts(standing=True)),
        *_coverage(facts),
    ]


def _imports(receipts: Sequence[Any]) -> Table:
    totals: dict[str, dict[str, int]] = {}
    for receipt in receipts:
        for entry in receipt.files:
            sums = totals.setdefault(entry.table, dict.fromkeys(_COUNTS, 0))
            for name in _COUNTS:
                sums[name] += getattr(entry, name)
    rows = [(table, *(str(sums[name]) for name in _COUNTS)) for table, sums in sorted(totals.items())]
    whole = ("all", *(str(sum(sums[name] for sums in totals.values())) for name in _COUNTS))
    return Table(
        f"Rows of all imports ({len(receipts)})",
        ("Table", *_COUNTS.values()),
        (*rows, whole),
        note="Read = used + set aside + duplicate + headings, comments and blank lines. These are rows, not persons.",
    )


def _set_aside(reasons: pl.DataFrame) -> list[Block]:
    if reasons.is_empty():
        return [Paragraph("No row was set aside.")]
    by_rule = reasons.group_by("column", "rule").agg(
        rows=pl.struct("file", "row").n_unique(),
        sentence=pl.col("reason").mode().sort().first(),
        n_words=pl.col("reason").n_unique(),
    )
    found = by_rule.sort(["rows", "column", "rule"], descending=[True, False, False])
    return [
        Table(
            "Rows set aside, by rule",
            ("Rule", "Column", "What is wrong (most frequent)", "Rows"),
            tuple(
                (row["rule"], row["column"] or "–", row["sentence"], str(row["rows"]))
                for row in found.iter_rows(named=True)
            ),
            note="A row can break several rules. The rows and their reasons are kept in the study's quarantine.",
            text_columns=(0, 1, 2),
        )
    ]


def _repaired(n_rows: int) -> list[Block]:
    if not n_rows:
        return []
    words = "row set aside was" if n_rows == 1 else "rows set aside were"
    return [Paragraph(f"{n_rows} {words} corrected by a person since; who, when and what is kept in the study.")]


def _checks(rules: pl.DataFrame, facts: OutcomeFacts) -> list[Block]:
    """What the rules over whole tables found; the rules of single cells are told by the rows set aside."""
    own = rules.filter(~pl.col("rule_id").str.contains(".", literal=True))
    n_passed, n_idle = (own.filter(pl.col("status") == status).height for status in ("passed", "not_applicable"))
    rest = (
        f"{n_passed} rules found nothing; {n_idle} had nothing to look at, which is not a pass. "
        "Nothing was changed or left out because of a rule. Rules and sources: reference/data_checks.toml."
    )
    found = own.filter(pl.col("status") == "found").sort(["table", "rule_id"])
    if found.is_empty():
        return [Paragraph(f"Checks over whole tables found nothing. {rest}")]
    lines = []
    for row in found.iter_rows(named=True):
        counts: tuple[str, str] = (str(row["n_found"]), str(row["n_checked"]))
        if row["counts"] == "patients" or row["table"] == "patients":
            shown = facts.disclosure.row([row["n_found"], row["n_checked"] - row["n_found"]])
            counts = (facts.disclosure.words(row["n_found"], shown[0]), facts.disclosure.single(row["n_checked"]))
        lines.append((row["table"], row["severity"], row["sentence"], *counts, row["counts"]))
    columns = ("Table", "Severity", "What was found", "Found", "Of", "Counted")
    return [Table("Checks over whole tables", columns, tuple(lines), note=rest, text_columns=(0, 1, 2, 5))]


def _notes(receipts: Sequence[Any]) -> list[Block]:
    """What export layouts say about their data, and which columns were refused because they identify persons."""
    entries = [entry for receipt in receipts for entry in receipt.files]
    notes = list(dict.fromkeys(note for entry in entries for note in entry.notes))
    refused = sorted({column for entry in entries for column in entry.columns_refused})
    if refused:
        notes.append(f"Columns that identify persons were not read: {', '.join(refused)}.")
    return [Heading("Notes on the exports", 3), Bullets(tuple(notes))] if notes else []


def _coverage(facts: OutcomeFacts) -> list[Block]:
    sentences = []
    if facts.has_adherence:
        eligible, entered = int(facts.summary["eligible_days"].sum()), int(facts.summary["days_with_entry"].sum())
        excused, extra = int(facts.summary["excused_days"].sum()), int(facts.summary["unprescribed"].sum())
        sentences.append(
            f"Session log: {share_text(entered, eligible)} eligible days have an entry; {excused} days were excused; "
            f"{extra} sessions were logged on days without prescription and count nowhere."
        )
    if not facts.pain.is_empty():
        spans = facts.pain.group_by("patient_id").agg(
            days=pl.len(), span=(pl.col("date").max() - pl.col("date").min()).dt.total_days() + 1
        )
        days, span = int(spans["days"].sum()), int(spans["span"].sum())
        per_day = number_text(float(facts.pain["n_readings"].sum()) / days, 2)
        sentences.append(
            f"Pain log: {share_text(days, span)} days between each patient's first and last rating have one; "
            f"{per_day} ratings per day with one."
        )
    return [Heading("Logging coverage", 3), Paragraph(" ".join(sentences))] if sentences else []
