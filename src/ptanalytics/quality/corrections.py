"""Judge the lines of a workbook against the study: what is corrected, what is right now, and what is there already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ptanalytics.loading.convert import ROWS
from ptanalytics.loading.readers import ROW
from ptanalytics.loading.repair_sheet_groups import RepairGroup, correctable, read_again
from ptanalytics.quality.repair_ledger import DONE, ROW_KEY, repaired_rows
from ptanalytics.schemas import TABLES, columns_of, key_of
from ptanalytics.study import Study

#: What can become of a line of a workbook.
OUTCOMES = ("repaired", "duplicate", "still_wrong", "not_corrected", "already_repaired", "unknown")

_LINE = {"table": pl.String, "import_number": pl.Int32, "file": pl.String, "part": pl.String, "row": pl.Int64}
_WHY = {**_LINE, "column": pl.String, "rule": pl.String, "reason": pl.String}
_KEY = list(_LINE)
#: The first of the file's rows that became one row of the table, and whether the layout merges rows.
_ONE, _MERGES = "line_one", "line_merges"
_FORMULA = "the cell holds a formula; write the value itself"
_CONFLICT = "the study has a row with the same {key} but other content"
_MERGED = (
    "the study has this row already, made of the other rows of the file that belong to it, and one more changes its count "
    "and means. Correct it in a copy of the export with the same name and import the copy: that replaces the row"
)
_TWICE = "an earlier line of this workbook has the same {key} but other content"


@dataclass(frozen=True)
class Corrections:
    """What the lines of a workbook come to; nothing is written yet."""

    #: ``table, import_number, file, part, row, outcome``, one line per line of the workbook.
    rows: pl.DataFrame
    #: Why rows are still wrong: the line, ``column, rule, reason``.
    reasons: pl.DataFrame
    #: Rows for each table, typed.
    new_rows: Mapping[str, pl.DataFrame]
    #: Corrected cells: the line, ``heading, old_text, new_text``.
    changed: pl.DataFrame
    #: Why the rows had been set aside: the line, ``old_reasons``.
    old_reasons: pl.DataFrame

    def ledger_lines(self) -> pl.DataFrame:
        """Return what is to be kept: each corrected cell with the outcome of its row and why it had been set aside."""
        tried = self.rows.filter(pl.col("outcome").is_in([*DONE, "still_wrong"]))
        # A row that was merged with a corrected one has no corrected cell of its own, and is done all the same.
        lines = tried.join(self.changed, on=_KEY, how="left", maintain_order="left")
        return lines.join(self.old_reasons, on=_KEY, how="left", maintain_order="left")


def judge(study: Study, cells: pl.DataFrame, groups: Sequence[RepairGroup]) -> Corrections:
    """Say what each line of a workbook comes to.

    Args:
        study: The study.
        cells: What `read_workbook` returns.
        groups: All rows set aside in the study, repaired ones included.
    """
    of_study = pl.concat([_no_cells(), *map(_cells_of, groups)])
    cells = _with_import(cells, of_study)
    known = cells.join(of_study, on=[*_KEY, "heading"], how="inner", maintain_order="left").with_columns(
        is_changed=pl.col("original").ne_missing(pl.col("text")) & ~_same("original", "text"),
    )
    lines = _lines(cells, known, repaired_rows(study.path))
    to_try = lines.filter(pl.col("outcome").is_null()).select(_KEY)
    changed = known.filter("is_changed")
    tried = [_tried(group, changed, to_try, study.timezone) for group in groups if group.match is not None]
    valid: dict[str, list[pl.DataFrame]] = {}
    for table, rows, _ in tried:
        valid.setdefault(table, []).append(rows)
    settled = {table: _against_study(study, table, pl.concat(rows)) for table, rows in valid.items()}
    reasons = [_no_reasons(), *(why for _, _, why in tried), *(why for _, why in settled.values())]
    outcomes = pl.concat(
        [lines.select(*_KEY, "outcome").head(0), *(f.select(*_KEY, "outcome") for f, _ in settled.values())]
    )
    joined = lines.join(outcomes, on=_KEY, how="left", maintain_order="left", suffix="_tried")
    # Rows that were merged with a corrected one are tried with it, though nobody changed them.
    known_outcome = pl.when(pl.col("outcome") == "not_corrected").then(pl.coalesce("outcome_tried", "outcome"))
    outcome = pl.coalesce(known_outcome, "outcome", "outcome_tried", pl.lit("still_wrong"))
    rows = joined.select(*_KEY, outcome=outcome)
    formulas = lines.filter("has_formula", pl.col("outcome") == "still_wrong")
    reasons.append(_reasons(formulas, pl.lit(""), "formula", _FORMULA))
    new = {
        table: rows.filter(pl.col("outcome") == "repaired").unique(list(key_of(TABLES[table])), maintain_order=True)
        for table, (rows, _) in settled.items()
    }
    return Corrections(
        rows=rows,
        reasons=pl.concat(reasons).unique(maintain_order=True),
        new_rows={table: rows.select(list(columns_of(TABLES[table]))) for table, rows in new.items() if rows.height},
        changed=changed.select(*_KEY, "heading", old_text="study_text", new_text="text"),
        old_reasons=_old_reasons(groups),
    )


def _no_cells() -> pl.DataFrame:
    return pl.DataFrame(schema={**_LINE, "heading": pl.String, "study_text": pl.String, "decimal_mark": pl.String})


def _no_reasons() -> pl.DataFrame:
    return pl.DataFrame(schema=_WHY)


def _line_of(group: RepairGroup) -> list[pl.Expr]:
    """Return the columns that name a line, for rows of a group that have ``row``."""
    facts = {"table": group.table, "import_number": group.import_number, "file": group.file, "part": group.part}
    return [*(pl.lit(facts[name], dtype=_LINE[name]).alias(name) for name in facts), pl.col(ROW).cast(pl.Int64)]


def _cells_of(group: RepairGroup) -> pl.DataFrame:
    """Return every cell of a group's rows as the study has it; rows that cannot be read again have none."""
    if group.match is None:
        return _no_cells()
    marks = {theirs: group.decisions.decimal_mark.get(ours, ".") for ours, theirs in group.match.layout.columns.items()}
    cells = group.text.unpivot(correctable(group), index=ROW, variable_name="heading", value_name="study_text")
    mark = pl.col("heading").replace_strict(marks, default=".", return_dtype=pl.String)
    return cells.select(*_line_of(group), "heading", "study_text", decimal_mark=mark)


def _with_import(cells: pl.DataFrame, of_study: pl.DataFrame) -> pl.DataFrame:
    """Find the import of lines that name none, because the workbook was written before the rows were in a study."""
    others = [name for name in _KEY if name != "import_number"]
    latest = of_study.group_by(others).agg(latest=pl.col("import_number").max())
    found = cells.join(latest, on=others, how="left", maintain_order="left")
    return found.with_columns(import_number=pl.coalesce("import_number", "latest", pl.lit(0, dtype=pl.Int32))).drop(
        "latest"
    )


def _bare(column: str) -> pl.Expr:
    """Return a text without what Excel cannot carry unchanged: control characters, line ends, blanks at the ends."""
    return pl.col(column).fill_null("").str.replace_all(r"_x[0-9A-Fa-f]{4}_|[\x00-\x20\x7f]+", "")


def _same(one: str, other: str) -> pl.Expr:
    return (pl.col(one).fill_null("").str.strip_chars()) == (pl.col(other).fill_null("").str.strip_chars())


def _lines(cells: pl.DataFrame, known: pl.DataFrame, done: pl.DataFrame) -> pl.DataFrame:
    """Return each line of the workbook once, with what can be said before its cells are read."""
    facts = known.group_by(_KEY, maintain_order=True).agg(
        # The workbook must show what the study has: otherwise it is another study's, or its grey columns were changed.
        is_ours=(_bare("original") == _bare("study_text")).all(),
        is_changed=pl.col("is_changed").any(),
        has_formula=(pl.col("is_formula") & pl.col("is_changed")).any(),
    )
    lines = cells.select(_KEY).unique(maintain_order=True).join(facts, on=_KEY, how="left", maintain_order="left")
    lines = lines.join(done.with_columns(is_done=pl.lit(value=True)), on=list(ROW_KEY), how="left", maintain_order="left")
    return lines.with_columns(
        has_formula=pl.col("has_formula").fill_null(value=False),
        outcome=pl.when(~pl.col("is_ours").fill_null(value=False)).then(pl.lit("unknown"))
        .when(pl.col("is_done").is_not_null()).then(pl.lit("already_repaired"))
        .when(~pl.col("is_changed")).then(pl.lit("not_corrected"))
        .when("has_formula").then(pl.lit("still_wrong")),
    )  # fmt: skip


def _tried(
    group: RepairGroup, changed: pl.DataFrame, to_try: pl.DataFrame, timezone: str
) -> tuple[str, pl.DataFrame, pl.DataFrame]:
    """Read the corrected lines of a group again: the table, its valid rows beside their line, and reasons."""
    named = group.text.select(*_line_of(group))
    rows = named.join(to_try, on=_KEY, how="semi")[ROW]
    wanted = group.text.filter(pl.col(ROW).is_in(rows.implode())) if not group.merges or rows.is_empty() else group.text
    text = wanted.with_columns(pl.col(ROW).cast(pl.Int64))
    mine = changed.join(named.select(_KEY), on=_KEY, how="semi")
    # What Excel made a number is written with a point; where the column has commas, so has the number.
    number = pl.when(pl.col("is_number") & (pl.col("decimal_mark") == ",")).then(
        pl.col("text").str.replace(".", ",", literal=True)
    )
    mine = mine.select(ROW, "heading", "is_changed", text=number.otherwise("text"))
    cells = text.unpivot(index=ROW, variable_name="heading", value_name="study_text").join(
        mine, on=[ROW, "heading"], how="left", maintain_order="left"
    )
    now = cells.with_columns(now=pl.when(pl.col("is_changed").fill_null(value=False)).then("text").otherwise("study_text"))
    corrected = text.head(0)
    if text.height:
        wide = now.pivot("heading", index=ROW, values="now", aggregate_function="first", maintain_order=True)
        corrected = wide.select(text.columns)
    valid, reasons = read_again(group, corrected, timezone)
    reasons = reasons.filter(pl.col("row").is_in(rows.cast(pl.UInt32).implode()))
    valid = _with_lines(valid, rows)
    keys = _line_of(group)
    why = reasons.select(*keys[:-1], pl.col("row").cast(pl.Int64), "column", "rule", "reason")
    if ROW not in valid.columns or not valid.height:
        schema = {name: info.dtype for name, info in columns_of(TABLES[group.table]).items()}
        return group.table, pl.DataFrame(schema={**schema, **_line_schema(), _ONE: pl.Int64, _MERGES: pl.Boolean}), why
    columns = list(columns_of(TABLES[group.table]))
    named_lines = [key.alias(f"line_{name}") for name, key in zip(_KEY, keys, strict=True)]
    merges = pl.lit(group.merges).alias(_MERGES)
    return group.table, valid.select(*columns, *named_lines, pl.col(_ONE).cast(pl.Int64), merges), why


def _line_schema() -> dict[str, pl.DataType | type[pl.DataType]]:
    return {f"line_{name}": dtype for name, dtype in _LINE.items()}


def _with_lines(valid: pl.DataFrame, corrected: pl.Series) -> pl.DataFrame:
    """Return one row for each row of the file, those that became one row of the table side by side.

    Of merged rows only those count in which a corrected row is: the others are as they were.
    """
    if ROWS not in valid.columns:
        return valid.with_columns(pl.col(ROW).alias(_ONE))
    is_corrected = pl.element().is_in(corrected.cast(pl.UInt32).implode())
    is_meant = pl.col(ROWS).list.eval(is_corrected).list.any()
    return valid.filter(is_meant).with_columns(pl.col(ROW).alias(_ONE), pl.col(ROWS).alias(ROW)).explode(ROW)


def _against_study(study: Study, table: str, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Say of valid rows whether they are new, in the study already, or contradict it or an earlier line.

    Returns:
        The rows with their line and ``outcome``, and the reasons of those that contradict.
    """
    model = TABLES[table]
    key, columns = list(key_of(model)), list(columns_of(model))
    content = [name for name in columns if name not in key]
    patients = rows["patient_id"].unique().to_list()
    if study.has_table(table) and patients:
        of_patients = study.lazy(table, patients).collect()
        held = of_patients.join(rows, on=key, how="semi", nulls_equal=True)
    else:
        held = rows.head(0).select(columns)
    first = rows.unique(key, keep="first", maintain_order=True)
    found = _compared(rows, held, key, content, "held").with_row_index("place")
    found = _compared(found, first, key, content, "first")
    # Rows of the file that were merged are one row of the table, so all of them are its first.
    one = ["line_import_number", "line_file", "line_part", _ONE]
    is_first = pl.struct(one) == pl.struct(one).first().over(key, order_by="place")
    outcome = (
        pl.when("is_held").then(pl.when("is_held_same").then(pl.lit("duplicate")).otherwise(pl.lit("still_wrong")))
        .when(is_first).then(pl.lit("repaired"))
        .when("is_first_same").then(pl.lit("duplicate"))
        .otherwise(pl.lit("still_wrong"))
    )  # fmt: skip
    judged = found.sort("place").with_columns(outcome=outcome)
    of_line = [pl.col(f"line_{name}").alias(name) for name in _KEY]
    wrong = judged.filter(pl.col("outcome") == "still_wrong").select(*of_line, "is_held", _MERGES)
    words = ", ".join(key)
    held_one, held_merged = wrong.filter("is_held", ~pl.col(_MERGES)), wrong.filter("is_held", _MERGES)
    reasons = pl.concat(
        [
            _reasons(held_one, pl.lit(words), "conflicting_key", _CONFLICT.format(key=words)),
            _reasons(held_merged, pl.lit(words), "merged_row", _MERGED),
            _reasons(wrong.filter(~pl.col("is_held")), pl.lit(words), "conflicting_key", _TWICE.format(key=words)),
        ]
    )
    return judged.select(*columns, *of_line, "outcome"), reasons


def _compared(rows: pl.DataFrame, others: pl.DataFrame, key: list[str], content: list[str], name: str) -> pl.DataFrame:
    """Add whether a row with the same key is among others, and whether its content is the same."""
    theirs = others.select(*key, *(pl.col(n).alias(f"other {n}") for n in content), found=pl.lit(value=True))
    joined = rows.join(theirs, on=key, how="left", nulls_equal=True, maintain_order="left")
    is_same = pl.all_horizontal(pl.lit(value=True), *(pl.col(n).eq_missing(pl.col(f"other {n}")) for n in content))
    flags = {f"is_{name}": pl.col("found").fill_null(value=False), f"is_{name}_same": is_same}
    return joined.with_columns(**flags).drop("found", *(f"other {n}" for n in content))


def _reasons(lines: pl.DataFrame, column: pl.Expr, rule: str, sentence: str) -> pl.DataFrame:
    return lines.select(*_KEY, column=column.cast(pl.String), rule=pl.lit(rule), reason=pl.lit(sentence)).cast(_WHY)  # type: ignore[arg-type]


def _old_reasons(groups: Sequence[RepairGroup]) -> pl.DataFrame:
    """Return why rows had been set aside, one text per line of the workbook."""
    parts = [
        group.reasons.with_columns(pl.col("row").cast(pl.Int64))
        .group_by(ROW, maintain_order=True)
        .agg(old_reasons=pl.format("{}: {}", "rule", "reason").str.join("; "))
        .select(*_line_of(group), "old_reasons")
        for group in groups
    ]
    return pl.concat([pl.DataFrame(schema={**_LINE, "old_reasons": pl.String}), *parts])
