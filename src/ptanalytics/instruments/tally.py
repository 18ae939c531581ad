"""Counting the answers of many forms at once: sums, blanks and faults per form and scale."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from ptanalytics.instruments.items import item_layers, known_items, scored_forms

TOLERANCE = 1e-9
FORM = ("patient_id", "response_id", "completed_at", "instrument_id")

#: Few enough that the arrays of a part stay near the processor, enough that each step is worth its call.
_ROWS_AT_ONCE = 262_144

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int16]
Bools = npt.NDArray[np.bool_]


class Answers(NamedTuple):
    """Answers as arrays, and the forms behind their numbers."""

    form: Numbers
    code: Codes  # of the item; one past the last for an item of no instrument
    answer: Floats  # NaN: left blank
    forms: pl.DataFrame  # form and the columns of FORM


class Tally(NamedTuple):
    """One number per form and scale, at ``form x SCALES_PER_FORM + position``; see `slots`."""

    total: Floats
    n_answered: Integers
    is_outside: Bools
    is_several: Bools
    is_straight: Bools


@cache
def scale_positions() -> dict[tuple[str, str], int]:
    """Return the place of each scale among those of its form."""
    places: dict[tuple[str, str], int] = {}
    for form, scale in scored_forms():
        places[form, scale] = sum(1 for known, _ in places if known == form)
    return places


@cache
def scales_per_form() -> int:
    """Return the largest number of scales a form gives."""
    return 1 + max(scale_positions().values())


def numbered(responses: pl.DataFrame) -> Answers:
    """Give each form a number. Answers of one form mostly stand together, so only the first of each run is compared."""
    size = responses.height
    run, code, answer = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int16), np.empty(size)
    items = pl.Enum(list(known_items()))
    heads, n_runs = [responses.select(FORM).clear()], 0
    # In parts, so that the memory of one is used again for the next: fresh memory costs more than the counting.
    for first in range(0, size, _ROWS_AT_ONCE):
        part = slice(first, first + _ROWS_AT_ONCE)
        rows = responses[part]
        is_first = _is_first(responses, first, rows.height)
        heads.append(rows.select(FORM).filter(is_first))
        run[part] = np.cumsum(is_first.to_numpy(), dtype=np.int32) + np.int32(n_runs - 1)
        n_runs += heads[-1].height
        codes = rows["item_id"].cast(items, strict=False).to_physical().cast(pl.Int16)
        code[part] = codes.fill_null(len(known_items())).to_numpy()
        answer[part] = rows["answer"].fill_null(float("nan")).to_numpy()
    runs = pl.concat(heads)
    forms = runs.unique(maintain_order=True).with_row_index("form")
    if forms.height != runs.height:
        form_of_run = runs.join(forms, on=FORM, how="left", maintain_order="left")["form"]
        run = form_of_run.cast(pl.Int32).to_numpy()[run]
    return Answers(run, code, answer, forms)


def _is_first(responses: pl.DataFrame, first: int, size: int) -> pl.Series:
    """Say of some rows whether each begins a run of answers of one form; a missing key begins one."""
    begin = max(first, 1)
    n = first + size - begin
    rows, above = responses.slice(begin, n), responses.slice(begin - 1, n)
    differs = pl.repeat(value=False, n=n, eager=True)
    for name in FORM:
        differs |= rows[name] != above[name]
    is_new = differs.fill_null(value=True)
    return is_new if first else pl.concat([pl.Series([True]), is_new])


def tally(answers: Answers) -> Tally:
    """Count the answers of each form and scale.

    Of an item answered twice the highest answer is taken; ``is_several`` says that the answers differ.
    """
    size = answers.forms.height * scales_per_form()
    sums = {name: np.zeros(size) for name in ("total", "answered", "bits", "outside", "sum", "squares")}
    for rows in _parts(answers):
        _add(sums, rows)
    is_several = np.zeros(size, dtype=bool)
    # Different items set different bits: as many answers as bits are set means that no item was answered twice.
    is_doubled = np.bitwise_count(sums["bits"].astype(np.int64)) != sums["answered"]
    if is_doubled.any():
        _count_once(sums, answers, is_doubled, is_several)
    n_answered = sums["answered"].astype(np.int64)
    is_straight = (n_answered > 1) & (n_answered * sums["squares"] == sums["sum"] ** 2)
    return Tally(sums["total"], n_answered, sums["outside"] > 0, is_several, is_straight)


class _Rows(NamedTuple):
    slot: Integers
    code: Integers
    answer: Floats
    value: Floats
    bit: Floats
    is_outside: Bools

    def only(self, is_kept: Bools) -> "_Rows":
        """Return some of the rows."""
        return _Rows(
            self.slot[is_kept],
            self.code[is_kept],
            self.answer[is_kept],
            self.value[is_kept],
            self.bit[is_kept],
            self.is_outside[is_kept],
        )


@cache
def _layer(number: int) -> dict[str, npt.NDArray[Any]]:
    """Return one layer of items as arrays by item code, with an entry at the end for unknown items."""
    layer = item_layers()[number]
    places = [
        -1 if scale is None else scale_positions()[form, scale]
        for form, scale in layer.select("form_of_item", "scale").iter_rows()
    ]
    arrays: dict[str, npt.NDArray[Any]] = {"position": np.array([*places, -1], dtype=np.int64)}
    for name in ("low", "high", "step", "slope", "offset", "counts_one_from", "bit"):
        arrays[name] = np.array([*layer[name].cast(pl.Float64).fill_null(float("nan")).to_list(), np.nan])
    return arrays


def _rows(answers: Answers, number: int) -> _Rows:
    """Return the answers that count for a scale in one layer, with what each is worth."""
    layer = _layer(number)
    code, answer = answers.code.astype(np.int64), answers.answer
    position = layer["position"].take(code)
    slot = answers.form.astype(np.int64) * scales_per_form() + position
    is_used = position >= 0
    if not is_used.all():
        code, answer, slot = code[is_used], answer[is_used], slot[is_used]
    low, high, step, offset, slope, ones, bit = (
        layer[name].take(code) for name in ("low", "high", "step", "offset", "slope", "counts_one_from", "bit")
    )
    value = offset + slope * answer
    is_binary = ~np.isnan(ones)
    if is_binary.any():
        value[is_binary] = answer[is_binary] >= ones[is_binary]
    with np.errstate(invalid="ignore"):
        steps = (answer - low) / step
        is_outside = (answer < low) | (answer > high) | (np.abs(steps - np.rint(steps)) > TOLERANCE)
    return _Rows(slot, code, answer, value, bit, is_outside)


def _parts(answers: Answers) -> Iterator[_Rows]:
    """Yield the answers layer by layer in parts, so that memory does not grow with their number."""
    is_present = np.zeros(len(known_items()) + 1, dtype=bool)
    is_present[answers.code] = True
    for number in range(len(item_layers())):
        if not (is_present & (_layer(number)["position"] >= 0)).any():
            continue
        for first in range(0, len(answers.form), _ROWS_AT_ONCE):
            part = slice(first, first + _ROWS_AT_ONCE)
            rows = _rows(Answers(answers.form[part], answers.code[part], answers.answer[part], answers.forms), number)
            if len(rows.slot):
                yield rows


def _add(sums: dict[str, Floats], rows: _Rows) -> None:
    is_given = ~np.isnan(rows.answer)
    if not is_given.any():
        return
    if not is_given.all():
        rows = rows.only(is_given)
    slot, answer = rows.slot, rows.answer
    # Forms come mostly in order, so a part touches few of all forms.
    first, size = int(slot.min()), int(slot.max() - slot.min()) + 1
    weights: dict[str, npt.NDArray[Any] | None] = {
        "total": rows.value,
        "answered": None,
        "bits": rows.bit,
        "sum": answer,
        "squares": answer * answer,
    }
    if rows.is_outside.any():
        weights["outside"] = rows.is_outside
    for name, weight in weights.items():
        sums[name][first : first + size] += np.bincount(slot - first, weights=weight, minlength=size)


def _count_once(sums: dict[str, Floats], answers: Answers, is_doubled: Bools, is_several: Bools) -> None:
    """Count forms with an item answered twice again, each item once with its highest answer."""
    for numbers in sums.values():
        numbers[is_doubled] = 0
    found = []
    for rows in _parts(answers):
        chosen = np.flatnonzero(is_doubled[rows.slot] & ~np.isnan(rows.answer))
        found.append(pl.DataFrame({name: getattr(rows, name)[chosen] for name in _Rows._fields}))
    once = (
        pl.concat(found)
        .sort("answer")
        .group_by("slot", "code", maintain_order=True)
        .agg(
            pl.col("answer", "value", "bit").last(), pl.col("is_outside").any(), is_several=pl.col("answer").n_unique() > 1
        )
    )
    _add(sums, _Rows(*(once[name].to_numpy() for name in _Rows._fields)))
    is_several[once.filter("is_several")["slot"].to_numpy()] = True


def faults(answers: Answers) -> pl.DataFrame:
    """Return the forms that hold an item nobody knows, or one of another instrument: ``form`` and two flags."""
    names = sorted({*item_layers()[0]["form_of_item"], *answers.forms["instrument_id"].unique()})
    number_of = {name: number for number, name in enumerate(names)}
    of_item = np.array([*(number_of[name] for name in item_layers()[0]["form_of_item"]), -1], dtype=np.int32)
    of_form = answers.forms["instrument_id"].replace_strict(number_of, return_dtype=pl.Int32).to_numpy()
    wrong = [np.zeros(0, dtype=np.int64)]
    for first in range(0, len(answers.form), _ROWS_AT_ONCE):
        part = slice(first, first + _ROWS_AT_ONCE)
        wrong.append(first + np.flatnonzero(of_item[answers.code[part]] != of_form[answers.form[part]]))
    rows = np.concatenate(wrong)
    found = pl.DataFrame({"form": answers.form[rows], "is_unknown": of_item[answers.code[rows]] < 0})
    flagged = found.group_by("form").agg(pl.col("is_unknown").any(), is_mixed=(~pl.col("is_unknown")).any())
    return flagged.with_columns(pl.col("form").cast(pl.UInt32))


def alerts(answers: Answers) -> pl.DataFrame:
    """Return the forms with an answer to an alert item above its lowest: ``form, alert`` (the items, in words)."""
    layer = item_layers()[0]
    codes = np.flatnonzero(layer["is_alert"].fill_null(value=False).to_numpy())
    rows = np.flatnonzero(np.isin(answers.code, codes))
    low = layer["low"].to_numpy()
    found = pl.DataFrame(
        {
            "form": pl.Series(answers.form[rows], dtype=pl.UInt32),
            "item": [known_items()[code] for code in answers.code[rows]],
            "is_above": answers.answer[rows] > low[answers.code[rows]],
        },
        schema_overrides={"item": pl.String},
    )
    words = pl.lit("alert_") + pl.col("item").unique().sort().str.join("_")
    return found.filter("is_above").group_by("form").agg(alert=words)
