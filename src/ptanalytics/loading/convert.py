"""Text to typed rows, with a reason for each row that cannot be used. Lazy: nothing is collected here."""

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

import polars as pl

from ptanalytics.loading import cells, moments
from ptanalytics.loading.readers import ROW
from ptanalytics.loading.staging import ROW_RULE, carried_forward, row_rule_columns, row_rule_sentences, staged
from ptanalytics.schemas import TABLES, ColumnInfo, RowRule, columns_of, key_of, row_rules

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

    from ptanalytics.loading.sources import Source

#: Schema of the reasons why rows are set aside.
REASONS = {"file": pl.String, "row": pl.UInt32, "column": pl.String, "rule": pl.String, "reason": pl.String}
#: Whether all cells of a row could be read.
_READABLE = "_is_readable"
#: Where several rows of a file became one: all of them.
ROWS = "rows"


def convert(source: "Source") -> pl.LazyFrame:
    """Type every row of a source, streaming.

    Returns:
        The table's columns, ``row`` (where the row stands in the file) and ``is_valid``: every cell could be read and every
        rule of the table holds. Where a layout makes one row of several, they come out as one under the first one's row,
        and ``rows`` lists them all.
    """
    typed = _typed(_staged(source), source)
    holds = [rule.holds.fill_null(value=True) for rule in rules_to_check(source)]
    is_valid = pl.all_horizontal(pl.col(ROW_RULE).is_null(), pl.col(_READABLE), *holds)
    columns = columns_of(TABLES[source.table])
    frame = typed.with_columns(is_valid.alias("is_valid")).select(*columns, ROW, "is_valid")
    return _aggregated(frame, source) if source.layout.aggregate else frame


def rules_to_check(source: "Source") -> list[RowRule]:
    """Return the rules about columns that the source has; a column it lacks is missing and keeps every rule."""
    given = set(source.layout.given_columns())
    return [rule for rule in row_rules(TABLES[source.table]) if rule.column in given]


def explain_rows(source: "Source", rows: Sequence[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Say why rows were set aside.

    Args:
        source: Where they come from.
        rows: Their numbers in the file.

    Returns:
        The text of the rows as it stands in the file (``file``, ``row`` and the columns that are read), and the reasons:
        ``file, row, column, rule, reason``, one per broken rule. Reasons hold no cell of the file.
    """
    wanted = pl.Series(rows, dtype=pl.UInt32).implode()
    text = carried_forward(source.text, source.layout).filter(pl.col(ROW).is_in(wanted)).collect(engine="streaming")
    frame = staged(text.lazy(), source.layout, source.path, has_faults=source.has_faults)
    checked = _typed(frame, source, flag_each=True).collect()
    # A line that is broken or not meant has that one reason; what its cells say is beside the point.
    judged = checked.filter(pl.col(ROW_RULE).is_null())
    reasons = [
        *_row_reasons(checked, source),
        *_cell_reasons(frame.collect(), judged, source),
        *_rule_reasons(judged, source),
    ]
    found = pl.concat([pl.DataFrame(schema=REASONS), *reasons]).unique(["row", "column", "rule"], keep="first")
    text_rows = text.select(pl.lit(source.file).alias("file"), ROW, *source.layout.read_columns())
    return text_rows, found.sort("row", "column", "rule")


def _staged(source: "Source") -> pl.LazyFrame:
    text = carried_forward(source.text, source.layout)
    return staged(text, source.layout, source.path, has_faults=source.has_faults)


def _typed(frame: pl.LazyFrame, source: "Source", *, flag_each: bool = False) -> pl.LazyFrame:
    """Return the table's columns typed, beside ``row``, the row rule, and whether the cells were read.

    Args:
        frame: Text under our names.
        source: Where it comes from.
        flag_each: A flag for each column. Without it one says whether all cells of a row were read: many columns of
            nothing but yes cost as much as reading.
    """
    infos = columns_of(TABLES[source.table])
    given = set(source.layout.given_columns())
    readers = {name: cell_reader(name, source) for name in infos if name in given}
    by_reader = {name: reader for name, reader in readers.items() if reader is not None}
    schema: dict[str, PolarsDataType] = {ROW: pl.UInt32, ROW_RULE: pl.String}
    schema |= {name: by_reader[name].dtype if name in by_reader else pl.String for name in readers}
    schema |= {_flag(name): pl.Boolean for name in by_reader} if flag_each else {_READABLE: pl.Boolean}

    def read(batch: pl.DataFrame) -> pl.DataFrame:
        found = {name: reader.value_and_readable(batch[name]) for name, reader in by_reader.items()}
        values = [
            found[name][0].alias(name) if name in found else cells.read_text(batch[name], source.layout.missing_codes)
            for name in readers
        ]
        everywhere = cells.all_true(batch.height)
        told = {name: is_readable for name, (_, is_readable) in found.items() if is_readable is not None}
        if flag_each:
            flags = [told.get(name, everywhere).alias(_flag(name)) for name in by_reader]
        else:
            flags = [reduce(and_, told.values(), everywhere).alias(_READABLE)]
        return pl.DataFrame([batch[ROW], batch[ROW_RULE], *values, *flags])

    # One step for all columns of a batch of rows is much cheaper than one for each.
    typed = frame.map_batches(
        read, predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False, schema=schema, streamable=True
    )
    absent = [pl.lit(None, dtype=info.dtype).alias(name) for name, info in infos.items() if name not in given]
    shifted = [pl.col(name) + pl.duration(days=days) for name, days in source.layout.shift_days.items()]
    return _completed(typed.with_columns(*absent, *shifted), source.table)


def _flag(column: str) -> str:
    return f"{column}_is_readable"


def _completed(frame: pl.LazyFrame, table: str) -> pl.LazyFrame:
    """A score that is left blank says so: a missing number needs a reason."""
    if table != "scores":
        return frame
    is_blank = pl.col("score").is_null() & pl.col("reason").is_null()
    return frame.with_columns(pl.when(is_blank).then(pl.lit("blank")).otherwise("reason").alias("reason"))


def cell_reader(column: str, source: "Source") -> cells.CellReader | None:
    """Return the reader of one of our columns in one source; None for plain text."""
    info = columns_of(TABLES[source.table])[column]
    missing = source.layout.missing_codes
    if info.dtype.is_temporal():
        return _time_reader(column, info, source)
    if info.dtype.is_numeric():
        return _number_reader(column, info, source)
    if info.dtype == pl.Boolean:
        return cells.boolean_reader(missing)
    if info.allowed:
        return cells.category_reader(column, missing)
    return cells.weekdays_reader(missing) if column == "weekdays" else None


def _time_reader(column: str, info: ColumnInfo, source: "Source") -> cells.CellReader:
    clock = moments.Clock(source.timezone, source.layout.timezone)
    order = source.decisions.date_order.get(column)
    make = moments.date_reader if info.dtype == pl.Date else moments.moment_reader
    return make(
        order=order,
        is_1904=source.is_1904,
        clock=clock,
        missing=source.layout.missing_codes,
        only_telling=column in source.decisions.mixed,
    )


def _number_reader(column: str, info: ColumnInfo, source: "Source") -> cells.CellReader:
    mark = source.decisions.decimal_mark.get(column, ".")
    missing = source.layout.missing_codes
    if info.dtype.is_integer():
        return cells.whole_number_reader(decimal_mark=mark, unit=info.unit, dtype=info.dtype, missing=missing)
    return cells.number_reader(
        decimal_mark=mark,
        unit=info.unit,
        file_unit=source.layout.units.get(column),
        scale_maximum=info.maximum if info.unit == "0-10" else None,
        missing=missing,
    )


def _aggregated(frame: pl.LazyFrame, source: "Source") -> pl.LazyFrame:
    """Make one row of the valid rows that belong together; rows set aside stay single."""
    rule = source.layout.aggregate
    if rule is None:
        return frame
    how = {"count": pl.len().cast(pl.Float64)}
    values = {}
    for name, kind in rule.values.items():
        values[name] = how[kind] if kind in how else getattr(pl.col(name), kind)()
    columns = frame.collect_schema().names()
    others = [pl.col(n).drop_nulls().first() for n in columns if n not in {*rule.by, *values, ROW}]
    grouped = frame.filter("is_valid").group_by(list(rule.by), maintain_order=True)
    merged = grouped.agg(
        pl.col(ROW).min(), pl.col(ROW).alias(ROWS), *others, *(expr.alias(name) for name, expr in values.items())
    )
    alone = frame.filter(~pl.col("is_valid")).with_columns(pl.concat_list(ROW).alias(ROWS))
    return pl.concat([merged.select(*columns, ROWS), alone])


def _row_reasons(checked: pl.DataFrame, source: "Source") -> list[pl.DataFrame]:
    sentences, columns = row_rule_sentences(source.layout), row_rule_columns(source.layout)
    broken = checked.filter(pl.col(ROW_RULE).is_not_null())
    return [
        _reasons(broken.filter(pl.col(ROW_RULE) == rule), source, columns.get(rule, ""), rule, sentences[rule])
        for rule in broken[ROW_RULE].unique(maintain_order=True)
    ]


def _cell_reasons(text: pl.DataFrame, checked: pl.DataFrame, source: "Source") -> list[pl.DataFrame]:
    found = []
    for name in source.layout.given_columns():
        reader = cell_reader(name, source)
        if reader is None:
            continue
        unread = checked.filter(~pl.col(_flag(name))).select(ROW)
        if unread.height:
            texts = unread.join(text.select(ROW, name), on=ROW, how="left", maintain_order="left")[name]
            rules = unread.with_columns(reader.fault(cells.trim(texts)).alias("rule"))
            for rule in rules["rule"].unique(maintain_order=True):
                sentence = cells.SENTENCES[rule].format(column=name)
                found.append(_reasons(rules.filter(pl.col("rule") == rule), source, name, rule, sentence))
    return found


def _rule_reasons(checked: pl.DataFrame, source: "Source") -> list[pl.DataFrame]:
    found = []
    for rule in rules_to_check(source):
        broken = ~rule.holds.fill_null(value=True)
        if _flag(rule.column) in checked.columns:
            # An unreadable cell is missing too; its own reason says more than "must be given".
            broken &= pl.col(_flag(rule.column))
        found.append(_reasons(checked.filter(broken), source, rule.column, rule.rule_id, rule.sentence))
    return found


def _reasons(rows: pl.DataFrame, source: "Source", column: str, rule: str, sentence: str) -> pl.DataFrame:
    return rows.select(
        pl.lit(source.file).alias("file"),
        pl.col(ROW).cast(pl.UInt32),
        pl.lit(column).alias("column"),
        pl.lit(rule).alias("rule"),
        pl.lit(sentence).alias("reason"),
    )


def conflict_reasons(source: "Source", rows: Sequence[int]) -> pl.DataFrame:
    """Return the reasons of rows whose key an earlier row of the same import has with other content."""
    key = ", ".join(key_of(TABLES[source.table]))
    sentence = f"an earlier row of this import has the same {key} but other content"
    return _reasons(pl.DataFrame({ROW: list(rows)}, schema={ROW: pl.UInt32}), source, key, "conflicting_key", sentence)
