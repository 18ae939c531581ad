"""OMOP CDM: the rows of ``measurement`` and ``observation`` that are pain ratings or questionnaire totals."""

from dataclasses import replace

import polars as pl

from ptanalytics.loading.layouts import same_heading
from ptanalytics.loading.readers.fhir_codes import LOINC, SITE_CODES, SOURCE_VALUE, Meaning, code_table, n_own_codes
from ptanalytics.loading.readers.text_table import FAULT, ROW, TextTable

_CONCEPT = "OMOP concept"
_SHOWN_CONCEPTS = 5
_TABLES = ("measurement", "observation")
_OTHER = "OMOP row of a concept that is no pain rating or score"


def clinical_tables_of(table: TextTable) -> list[TextTable]:
    """Split a measurement or observation table into pain ratings and scores; any other table stays as it is.

    A row is known by its concept id, or by a LOINC code as its source value. Rows of other concepts are counted as ignored,
    once for the file; a row cut short stays among the first, to be set aside.
    """
    by_name = {same_heading(heading): heading for heading in table.headings}
    kind = next((name for name in _TABLES if f"{name}conceptid" in by_name), None)
    if kind is None or "personid" not in by_name:
        return [table]
    meaning = _meanings()
    key = _key(by_name, kind, meaning)
    counts = table.frame.group_by(key.alias("key")).agg(n=pl.len()).collect(engine="streaming")
    n_by_key = {key: int(n) for key, n in counts.iter_rows()}
    parts = []
    for of_table in ("pain_scores", "scores"):
        keys = [key for key, found in meaning.items() if found.table == of_table and n_by_key.get(key)]
        if keys:
            frame = table.frame.with_columns(key.alias(_CONCEPT)).filter(pl.col(_CONCEPT).is_in(keys))
            frame = frame.select(_cells(table, by_name, kind, meaning, of_table))
            parts.append((of_table, frame, sum(n_by_key[key] for key in keys)))
    n_ignored = sum(n_by_key.values()) - sum(n for _, _, n in parts)
    ignored = {_OTHER: n_ignored} if n_ignored else {}
    table = replace(table, notes=(*table.notes, *_notes(n_by_key, meaning)))
    if not parts:
        empty = pl.LazyFrame(schema={_CONCEPT: pl.String, ROW: pl.UInt32})
        return [replace(table, headings=(_CONCEPT,), frame=empty, n_rows=0, ignored_kinds=ignored, has_faults=False)]
    first, *others = [_part(table, name, frame, n) for name, frame, n in parts]
    return [
        replace(first, ignored_kinds=ignored),
        *(replace(part, n_headings=0, n_comments=0, n_blank=0, n_continued=0) for part in others),
    ]


def _notes(n_by_key: dict[str | None, int], meaning: dict[str, Meaning]) -> list[str]:
    """Say which concepts are not read, most frequent first, and how a site has them read."""
    others = {key: n for key, n in n_by_key.items() if key not in meaning and key and key.isdigit() and key != "0"}
    shown = sorted(others, key=lambda key: -others[key])[:_SHOWN_CONCEPTS]
    notes = [f"Codes of the site's own {SITE_CODES} in use: {n_own_codes()}."] if n_own_codes() else []
    if shown:
        named = ", ".join(f"{key} ({others[key]:,} rows)" for key in shown)
        more = f" and {len(others) - len(shown)} more" if len(others) > len(shown) else ""
        notes.append(
            f"Concepts that are not read: {named}{more}. If one is a pain rating or a questionnaire's total, name it in a "
            f"file {SITE_CODES} beside the export (columns as in reference/fhir_codes.csv)."
        )
    return notes


def _meanings() -> dict[str, Meaning]:
    """Return what each concept id, each LOINC code and each source value of the site means, where it is a number."""
    found = {}
    for (system, code), meaning in code_table().items():
        # A site leaves a shipped code out by giving it no table.
        if meaning.omop_concept_id:
            found[meaning.omop_concept_id] = meaning
        if system in (LOINC, SOURCE_VALUE):
            found[code.strip()] = meaning
    return {key: meaning for key, meaning in found.items() if meaning.table in ("pain_scores", "scores")}


def _key(by_name: dict[str, str], kind: str, meaning: dict[str, Meaning]) -> pl.Expr:
    """Return the concept id where it is known, else the source value without the name of its vocabulary."""
    concept = pl.col(by_name[f"{kind}conceptid"]).str.strip_chars()
    source = by_name.get(f"{kind}sourcevalue")
    if source is None:
        return concept
    code = pl.col(source).str.strip_chars().str.extract(r"(?i)^(?:loinc[:| ]\s*|http://loinc\.org[|/])?(\d+-\d)$", 1)
    own = pl.col(source).str.strip_chars()
    found = pl.when(own.is_in(list(meaning))).then(own).otherwise(pl.coalesce(code, concept))
    return pl.when(concept.is_in(list(meaning))).then(concept).otherwise(found)


def _cells(
    table: TextTable, by_name: dict[str, str], kind: str, meaning: dict[str, Meaning], of_table: str
) -> list[pl.Expr]:
    def given(name: str) -> list[pl.Expr]:
        heading = by_name.get(same_heading(name))
        if heading is None:
            return []
        text = pl.col(heading).str.strip_chars()
        return [pl.when(text != "").then(text).otherwise(None)]

    def said(what: str) -> pl.Expr:
        return pl.col(_CONCEPT).replace_strict(
            {k: getattr(m, what) for k, m in meaning.items()}, default=None, return_dtype=pl.String
        )

    missing = pl.lit(None, dtype=pl.String)
    at = pl.coalesce(*given(f"{kind}_datetime"), *given(f"{kind}_date"), missing)
    number = pl.coalesce(*given("value_as_number"), missing)
    person = pl.col(by_name["personid"]).alias("person_id")
    own: list[pl.Expr] = (
        [at.alias("recorded_at"), number.alias("pain_nprs"), said("recall").alias("recall")]
        if of_table == "pain_scores"
        else [at.alias("completed_date"), said("instrument_id").alias("instrument_id"), number.alias("score")]
    )
    kept = [ROW, FAULT] if table.has_faults else [ROW]
    return [pl.col(_CONCEPT), person, *own, *map(pl.col, kept)]


def _part(table: TextTable, name: str, frame: pl.LazyFrame, n_rows: int) -> TextTable:
    headings = tuple(column for column in frame.collect_schema().names() if column not in (ROW, FAULT))
    sheet = f"{table.sheet}, {name}" if table.sheet else name
    return replace(table, sheet=sheet, headings=headings, frame=frame, n_rows=n_rows, order_counts={})
