"""Count, in one pass over a bucket, what every rule could judge and what it found, and what is missing."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from ptanalytics.quality import care_rules, form_rules, pain_rules, session_rules
from ptanalytics.quality.rules import shipped_rules
from ptanalytics.quality.subjects import DAY, SITE, Context, Judgement, Subject, day_of_table, judge_keys, with_person
from ptanalytics.schemas import TABLES, columns_of, key_of, row_rules
from ptanalytics.settings import ScoringSettings

_OWN = (*session_rules.SUBJECTS, *pain_rules.SUBJECTS, *care_rules.SUBJECTS, *form_rules.SUBJECTS)

_COUNTS = {
    "kind": pl.String,
    "table": pl.String,
    "name": pl.String,
    "site": pl.String,
    "month_date": pl.Date,
    "n_checked": pl.Int64,
    "n_found": pl.Int64,
}

#: Name of the rules of a table's schema, which on import set rows aside.
SCHEMA_RULE = "{table}.{rule}"


def subjects() -> tuple[Subject, ...]:
    """Return everything rules look at; a table without rules of its own is still counted and its keys are checked."""
    ruled = {subject.table for subject in _OWN}
    return (*_OWN, *(_plain(table) for table in TABLES if table not in ruled))


def _plain(table: str) -> Subject:
    def build(context: Context) -> tuple[pl.LazyFrame, dict[str, Judgement]]:
        return with_person(context.frames[table], context, day_of_table(table)), judge_keys(table)

    return Subject(table, key_of(TABLES[table]), build)


def count_problems(
    *,
    limits: Mapping[str, float],
    scoring: ScoringSettings,
    cutoff_date: date,
    present: frozenset[str],
    with_schema_rules: bool,
    **frames: pl.LazyFrame,
) -> pl.LazyFrame:
    """Count by site and month. All rows of a patient are in one bucket, so counts of buckets add up.

    Args:
        limits: Thresholds in force.
        scoring: Missing-item rules of questionnaires.
        cutoff_date: Last day that can be real.
        present: Tables with any row in the whole study.
        with_schema_rules: Whether rows may break rules of the schema, as in a caller's own frames.
        frames: The tables.

    Returns:
        ``kind`` (rule or column), ``table``, ``name``, ``site``, ``month_date``, ``n_checked``, ``n_found``. Of a column,
        these are its rows and those without a value.
    """
    context = Context(frames, present, cutoff_date, limits, scoring)
    parts, counted = [pl.LazyFrame(schema=_COUNTS)], set()
    for subject in subjects():
        if subject.table not in present:
            continue
        rows, judged = subject.build(context)
        judgements = {name: judged[name] for name in judged if name in shipped_rules()}
        is_first = subject.table not in counted
        if is_first and with_schema_rules:
            judgements |= _schema_judgements(subject.table)
        counted.add(subject.table)
        parts.append(_counts(rows, subject.table, judgements, _optional(subject.table) if is_first else ()))
    return pl.concat(parts)


def _schema_judgements(table: str) -> dict[str, Judgement]:
    return {
        SCHEMA_RULE.format(table=table, rule=rule.rule_id): Judgement(
            pl.lit(value=True) if rule.rule_id.endswith("_required") else pl.col(rule.column).is_not_null(),
            ~rule.holds.fill_null(value=False),
        )
        for rule in row_rules(TABLES[table])
    }


def _optional(table: str) -> tuple[str, ...]:
    return tuple(name for name, info in columns_of(TABLES[table]).items() if not info.is_required)


def _counts(rows: pl.LazyFrame, table: str, judgements: Mapping[str, Judgement], columns: tuple[str, ...]) -> pl.LazyFrame:
    # One column per condition, so that each is computed once for the rows of a bucket and then only summed.
    flags = {}
    for name, judgement in judgements.items():
        checked = judgement.checked.fill_null(value=False)
        flags[f"checked {name}"] = checked
        flags[f"found {name}"] = checked & judgement.found.fill_null(value=False)
    facts = rows.select(
        site=SITE,
        month_date=pl.col(DAY).dt.truncate("1mo"),
        **{f"missing {name}": pl.col(name).is_null() for name in columns},
        **flags,
    )
    totals = facts.group_by("site", "month_date").agg(pl.len().cast(pl.Int64).alias("n"), pl.all().exclude("n").sum())
    items = [_item("rule", table, name, f"checked {name}", f"found {name}") for name in judgements]
    items += [_item("column", table, name, "n", f"missing {name}") for name in columns]
    listed = totals.select("site", "month_date", item=pl.concat_list(items))
    found = listed.explode("item", empty_as_null=False, keep_nulls=False).unnest("item")
    return found.select(*_COUNTS)


def _item(kind: str, table: str, name: str, checked: str, found: str) -> pl.Expr:
    return pl.struct(
        kind=pl.lit(kind),
        table=pl.lit(table),
        name=pl.lit(name),
        n_checked=pl.col(checked).cast(pl.Int64),
        n_found=pl.col(found).cast(pl.Int64),
    )


def rows_found(
    *,
    rule_id: str,
    limits: Mapping[str, float],
    scoring: ScoringSettings,
    cutoff_date: date,
    present: frozenset[str],
    with_schema_rules: bool,
    **frames: pl.LazyFrame,
) -> pl.LazyFrame:
    """Return the keys of what one rule found, in the order of the table.

    Args:
        rule_id: The rule.
        limits: See `count_problems`, as all others.
        scoring: See `count_problems`.
        cutoff_date: See `count_problems`.
        present: See `count_problems`.
        with_schema_rules: See `count_problems`.
        frames: The tables.
    """
    context = Context(frames, present, cutoff_date, limits, scoring)
    for subject in subjects():
        rows, judgements = subject.build(context)
        if with_schema_rules:
            judgements |= _schema_judgements(subject.table)
        if rule_id in judgements:
            judgement = judgements[rule_id]
            is_found = judgement.checked.fill_null(value=False) & judgement.found.fill_null(value=False)
            return rows.filter(is_found).select(subject.key)
    message = f"no rule is called {rule_id}"
    raise KeyError(message)
