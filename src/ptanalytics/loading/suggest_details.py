"""The details of a suggested table: order of day and month, units, codes for missing. What is not said is asked."""

from collections.abc import Mapping

import polars as pl

from ptanalytics.loading import cells
from ptanalytics.loading.item_groups import instrument_named
from ptanalytics.loading.layouts import TableLayout
from ptanalytics.loading.moments import OrderEvidence, order_evidence
from ptanalytics.loading.names import known_names
from ptanalytics.loading.suggest_asking import Asking
from ptanalytics.loading.suggest_columns import numbers_of, short_codes, split_unit
from ptanalytics.loading.suggest_ratings import numbers_for, recall_in, verbal_ratings
from ptanalytics.loading.suggest_sample import Sample
from ptanalytics.loading.suggestion import Question
from ptanalytics.loading.units import CLOCK, UNIT_WORDS, is_convertible
from ptanalytics.schemas import TABLES, ColumnInfo, columns_of
from ptanalytics.schemas.tables import RECALLS

#: Numbers that many exports write for "missing"; they mean it only where a rating or amount cannot be so large or so low.
_MISSING_NUMBERS = ("-9", "-88", "-99", "-999", "-9999", "88", "99", "888", "999", "9999")
#: Words that instruments and apps write in place of a number.
_MISSING_WORDS = ("high", "low", "[not completed]", "not completed", "refused", "unknown", "skipped", "don't know", "error")
_MOST_INSTRUMENTS = 100
_UNITS_ASKED = {"load_kg": ("kg", "lb"), "duration_min": ("min", "s", "h"), "hold_s": ("s", "min")}
_CLOCKED = r"(?i)\d\s*(?:h|m|min|s|sec)\b|^\d{1,2}:\d{2}:\d{2}$"


def with_details(table: TableLayout, sample: Sample, asking: Asking) -> TableLayout:
    """Return a table's layout with what headings and cells say about units, dates and missing codes; ask the rest."""
    infos = columns_of(TABLES[table.table])
    texts = {ours: sample.cells[heading] for ours, heading in _read_columns(table).items()}
    update: dict[str, object] = {}
    if order := _date_order({ours: text for ours, text in texts.items() if infos[ours].dtype.is_temporal()}, asking):
        update["date_order"] = order
    if "patient_id" in texts and (plain := _plain_ids(table.columns["patient_id"], texts["patient_id"], asking)):
        update["without_decimals"] = plain
    headings = _read_columns(table)
    units = dict(table.units)
    codings = {**_instruments(texts.get("instrument_id")), **table.codings}
    for ours, text in texts.items():
        info = infos[ours]
        meanings = _spelled_out(info, headings[ours], text, asking) if ours in table.columns and ours not in codings else {}
        if meanings is None:
            update["columns"] = {name: theirs for name, theirs in _columns_of(update, table) if name != ours}
        elif meanings:
            codings[ours] = meanings
        elif info.dtype.is_numeric():
            if unit := _unit(info, headings[ours], text, table.table, asking):
                units[ours] = unit
            if coding := _missing(info, headings[ours], text, asking):
                codings[ours] = {**coding, **codings.get(ours, {})}
    update |= {"units": units, "codings": codings}
    if table.table == "pain_scores" and "recall" not in table.given_columns():
        update |= _recall(table, headings.get("pain_nprs", ""), asking)
    return table.model_copy(update=update)


def _spelled_out(info: ColumnInfo, heading: str, text: pl.Series, asking: Asking) -> dict[str, str] | None:
    """Return what codes or words of a column stand for where a person must say it; None until it is said of each."""
    if info.allowed and (codes := short_codes(text)):
        return _meanings(info, heading, codes, asking)
    if info.name == "pain_nprs" and (words := verbal_ratings(text)):
        return numbers_for(heading, words, asking)
    return {}


def _columns_of(update: Mapping[str, object], table: TableLayout) -> list[tuple[str, str]]:
    columns = update.get("columns", table.columns)
    return list(columns.items()) if isinstance(columns, dict) else []


def _meanings(info: ColumnInfo, heading: str, codes: tuple[str, ...], asking: Asking) -> dict[str, str] | None:
    """Return what the codes of a closed list stand for; None until a person has said it of each."""
    found: dict[str, str] = {}
    for code in codes:
        question = Question(
            f"code.{info.name}.{code}",
            f"What does the code {code} in '{heading}' stand for?",
            (*info.allowed, "missing"),
            "the column is not read until all its codes are answered",
            is_needed=info.is_required,
        )
        if answer := asking.ask(question):
            value = "" if answer == "missing" else answer
            found |= {code: value, f"{code}.0": value}
    return found if len(found) == 2 * len(codes) else None


def _plain_ids(heading: str, text: pl.Series, asking: Asking) -> tuple[str, ...]:
    """Ask whether ids such as 123.00 are numbers that a spreadsheet rewrote; other exports may write 123."""
    given = cells.trim(text).drop_nulls()
    if given.is_empty() or not given.str.contains(r"^\d+\.0+$").all():
        return ()
    question = Question(
        "ids.patient_id",
        f"All ids in '{heading}' that were looked at end in .0. Did a spreadsheet do that, so that the rest is the id?",
        ("yes", "no"),
        "they are kept as they are written",
    )
    return ("patient_id",) if asking.ask(question) == "yes" else ()


def _read_columns(table: TableLayout) -> dict[str, str]:
    columns = dict(table.columns)
    if table.spread:
        # One column stands for all of a spread: they hold the same quantity.
        columns[table.spread.value] = next(iter(table.spread.columns.values()))
    return columns


def _date_order(texts: Mapping[str, pl.Series], asking: Asking) -> str | None:
    """Return the order of day and month: what the sample shows, or what a person answers."""
    counts = [OrderEvidence(**text.to_frame("text").select(order_evidence("text")).item()) for text in texts.values()]
    evidence = OrderEvidence(
        sum(one.n_day_first for one in counts),
        sum(one.n_month_first for one in counts),
        sum(one.n_either for one in counts),
    )
    if evidence.n_day_first and evidence.n_month_first:
        asking.notes.append(
            "Some dates can only be day-first and others only month-first: in each column the order of most holds, and the "
            "rows that contradict it are set aside."
        )
        return None
    if decided := evidence.decide():
        n_telling = evidence.n_day_first or evidence.n_month_first
        asking.notes.append(
            f"Dates are {decided.replace('_', '-')}: {n_telling:,} of the dates looked at can be nothing else."
        )
        return decided
    if not evidence.is_needed:
        return None
    sentence = f"All {evidence.n_either:,} dates that were looked at can be read day-first or month-first. Which is it?"
    return asking.ask(
        Question("date_order", sentence, ("day_first", "month_first"), "the import stops and asks", is_needed=True)
    )


def _unit(info: ColumnInfo, heading: str, text: pl.Series, table: str, asking: Asking) -> str | None:
    """Return the file's unit where it is another than ours; None where it is ours or nobody says."""
    said = split_unit(heading)[1]
    if said and said != info.unit and is_convertible(said, info.unit):
        asking.notes.append(f"{info.name}: the heading says {said}; it is turned into {info.unit or 'a share'}.")
        return said
    given = cells.trim(text).drop_nulls()
    if info.unit == "min" and given.str.contains(_CLOCKED).any():
        asking.notes.append(f"{info.name}: cells are written like 1h 20m, 38min or 1:20:00 and are turned into minutes.")
        return CLOCK
    if info.unit == "0-10":
        return None if said else _scale(info, heading, text, asking)
    if info.name in _UNITS_ASKED and not said and not _names_unit(heading, info, table):
        options = _UNITS_ASKED[info.name]
        question = Question(
            f"unit.{info.name}", f"In which unit is '{heading}'?", options, f"it is taken to be in {info.unit}"
        )
        answer = asking.ask(question)
        return answer if answer and answer != info.unit else None
    return None


def _names_unit(heading: str, info: ColumnInfo, table: str) -> bool:
    """Say whether a heading names our unit itself: "Minutes", or our own name with the unit in it."""
    known = known_names(table).get("".join(sign for sign in heading.casefold() if sign.isalnum()))
    words = {word for unit in UNIT_WORDS[info.unit] for word in (unit, f"{unit}s")}
    named = any(word in words for word in heading.casefold().replace("_", " ").split())
    return named or bool(known and known.rank == 0)


def _scale(info: ColumnInfo, heading: str, text: pl.Series, asking: Asking) -> str | None:
    numbers = numbers_of(text)
    usual = numbers.filter((numbers >= 0) & (numbers <= 100) & ~numbers.is_in([88.0, 99.0]))
    n_above = int((usual > 10).sum())
    if n_above < max(2, usual.len() // 50):
        return None
    sentence = f"{n_above:,} of the cells of '{heading}' that were looked at are above 10. Which scale is it?"
    question = Question(f"unit.{info.name}", sentence, ("0-10", "0-100", "mm", "cm"), "cells above 10 are set aside")
    answer = asking.ask(question)
    return answer if answer and answer != "0-10" else None


def _missing(info: ColumnInfo, heading: str, text: pl.Series, asking: Asking) -> dict[str, str]:
    """Return the cells that a person says stand for missing, as a coding to nothing."""
    lowered = cells.trim(text).str.to_lowercase().drop_nulls()
    lowest = info.minimum if info.minimum is not None else 0.0
    highest = info.maximum if info.maximum is not None else float("inf")
    bare = lowered.str.replace(r"\.0+$", "")
    codes = [code for code in _MISSING_NUMBERS if not lowest <= float(code) <= highest and (bare == code).any()]
    words = [word for word in _MISSING_WORDS if (lowered == word).any()]
    found: dict[str, str] = {}
    for code in (*codes, *words):
        question = Question(
            f"missing.{info.name}.{code}",
            f"Some cells of '{heading}' hold {code}. Does it stand for a missing value?",
            ("yes", "no"),
            "rows with it are set aside",
        )
        if asking.ask(question) == "yes":
            found |= {code: "", f"{code}.0": ""} if code in codes else {code: ""}
    return found


def _instruments(texts: pl.Series | None) -> dict[str, dict[str, str]]:
    """Return what the instruments a long file names are called here, where that is another name."""
    if texts is None:
        return {}
    names = cells.trim(texts).drop_nulls().unique(maintain_order=True).to_list()[:_MOST_INSTRUMENTS]
    named = {name: known for name in names if (known := instrument_named(name)) and known != name}
    return {"instrument_id": named} if named else {}


def _recall(table: TableLayout, heading: str, asking: Asking) -> dict[str, object]:
    if (said := recall_in(heading)) and "recall" not in asking.answers:
        asking.notes.append(f"'{heading}' says what the ratings refer to: {said}.")
        return {"constants": {**table.constants, "recall": said}}
    question = Question(
        "recall",
        "What do the pain ratings refer to?",
        RECALLS,
        "their recall stays missing and is never mixed with a known one",
    )
    answer = asking.ask(question)
    return {"constants": {**table.constants, "recall": answer}} if answer and answer != "unknown" else {}
