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
    """One number per form and scale: the scales of the first form in their order, then those of the second, and so on."""

    total: Floats
    n_answered: Integers
    is_outside: Bools
    is_several: Bools
    is_straight: Bools


@cache
def scales_of_forms() -> dict[str, tuple[str, ...]]:
    """Return the scales each form gives, in the order of `scored_forms`."""
    scales: dict[str, tuple[str, ...]] = {}
    for form, scale in scored_forms():
        scales[form] = (*scales.get(form, ()), scale)
    return scales


def numbered(responses: pl.DataFrame) -> Answers:
    """Give each form a number. Answers of one form mostly stand together, so only the first of each run is compared."""
    is_new = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in FORM)
    code = pl.col("item_id").cast(pl.Enum(list(known_items())), strict=False).to_physical().cast(pl.Int16)
    rows = (
        responses.lazy()
        .select(is_new=is_new, code=code.fill_null(len(known_items())), answer=pl.col("answer").fill_null(float("nan")))
        .with_columns(run=pl.col("is_new").cum_sum().cast(pl.Int32) - 1)
        .collect()
        .rechunk()
    )
    runs = responses.select(FORM).filter(rows["is_new"])
    form = rows["run"].to_numpy()
    # Different hashes are different forms; only where two agree are forms compared, which costs six times as much.
    if runs.hash_rows().n_unique() == runs.height:
        forms = runs.with_row_index("form")
    else:
        forms = runs.unique(maintain_order=True).with_row_index("form")
        form_of_run = runs.join(forms, on=FORM, how="left", nulls_equal=True, maintain_order="left")["form"]
        form = form_of_run.cast(pl.Int32).to_numpy()[form]
    return Answers(form, rows["code"].to_numpy(), rows["answer"].to_numpy(), forms)


def tally(answers: Answers) -> Tally:
    """Count the answers of each form and scale; only items of the form itself are counted.

    Of an item answered twice the highest answer is taken; ``is_several`` says that the answers differ.
    """
    n_scales = {form: len(scales) for form, scales in scales_of_forms().items()}
    ends = _of_forms(answers, n_scales, 0).astype(np.int64).cumsum()
    first_slots = np.concatenate([np.zeros(1, dtype=np.int64), ends])
    size = int(first_slots[-1])
    sums = {name: np.zeros(size) for name in ("total", "answered", "bits", "outside", "sum", "squares")}
    for rows in _parts(answers, first_slots):
        _add(sums, rows)
    is_several = np.zeros(size, dtype=bool)
    # Different items set different bits: as many answers as bits are set means that no item was answered twice.
    is_doubled = np.bitwise_count(sums["bits"].astype(np.int64)) != sums["answered"]
    if is_doubled.any():
        _count_once(sums, _parts(answers, first_slots), is_doubled, is_several)
    n_answered = sums["answered"].astype(np.int64)
    is_straight = (n_answered > 1) & (n_answered * sums["squares"] == sums["sum"] ** 2)
    return Tally(sums["total"], n_answered, sums["outside"] > 0, is_several, is_straight)


def _of_forms(answers: Answers, numbers: dict[str, int], default: int) -> Numbers:
    """Return the number of each form's instrument, in the order of the forms."""
    names = answers.forms["instrument_id"]
    return names.replace_strict(numbers, default=default, return_dtype=pl.Int32).to_numpy()


class _Rows(NamedTuple):
    slot: Integers
    code: Codes
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
        -1 if scale is None else scales_of_forms()[form].index(scale)
        for form, scale in layer.select("form_of_item", "scale").iter_rows()
    ]
    arrays: dict[str, npt.NDArray[Any]] = {"position": np.array([*places, -1], dtype=np.int64)}
    for name in ("low", "high", "step", "slope", "offset", "counts_one_from", "bit"):
        arrays[name] = np.array([*layer[name].cast(pl.Float64).fill_null(float("nan")).to_list(), np.nan])
    return arrays


def _rows(form: Numbers, code: Codes, answer: Floats, first_slots: Integers, number: int) -> _Rows:
    """Return the answers that count for a scale in one layer, with what each is worth."""
    layer = _layer(number)
    position = layer["position"].take(code)
    slot = first_slots.take(form) + position
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


def _parts(answers: Answers, first_slots: Integers) -> Iterator[_Rows]:
    """Yield the answers layer by layer in parts, so that memory does not grow with their number."""
    is_present = np.zeros(len(known_items()) + 1, dtype=bool)
    is_present[answers.code] = True
    for number in range(len(item_layers())):
        if not (is_present & (_layer(number)["position"] >= 0)).any():
            continue
        for first in range(0, len(answers.form), _ROWS_AT_ONCE):
            part = slice(first, first + _ROWS_AT_ONCE)
            yield _rows(answers.form[part], answers.code[part], answers.answer[part], first_slots, number)


def _add(sums: dict[str, Floats], rows: _Rows) -> None:
    is_given = ~np.isnan(rows.answer)
    if not is_given.all():
        rows = rows.only(is_given)
    if not len(rows.slot):
        return
    # Answers for one slot mostly stand together: each run is summed first, and only the sums are added by slot.
    starts = np.flatnonzero(np.diff(rows.slot, prepend=-1))
    slot = rows.slot[starts]
    first, size = int(slot.min()), int(slot.max() - slot.min()) + 1
    weights: dict[str, npt.NDArray[Any]] = {
        "total": rows.value,
        "bits": rows.bit,
        "sum": rows.answer,
        "squares": rows.answer * rows.answer,
    }
    if rows.is_outside.any():
        weights["outside"] = rows.is_outside.astype(np.float64)
    found = {name: np.add.reduceat(weight, starts) for name, weight in weights.items()}
    found["answered"] = np.diff(starts, append=len(rows.slot)).astype(np.float64)
    for name, weight in found.items():
        sums[name][first : first + size] += np.bincount(slot - first, weights=weight, minlength=size)


def _count_once(sums: dict[str, Floats], parts: Iterator[_Rows], is_doubled: Bools, is_several: Bools) -> None:
    """Count forms with an item answered twice again, each item once with its highest answer."""
    for numbers in sums.values():
        numbers[is_doubled] = 0
    found = []
    for rows in parts:
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


def own_items(answers: Answers) -> tuple[Answers, pl.DataFrame]:
    """Return the answers with items of no or of another instrument made unknown, and the forms that hold such items.

    The second table has ``form``, ``is_unknown`` (an item nobody knows) and ``is_mixed`` (one of another instrument).
    """
    numbers = {form: number for number, form in enumerate(scales_of_forms())}
    of_item = np.array([*(numbers[form] for form in item_layers()[0]["form_of_item"]), -1], dtype=np.int32)
    of_form = _of_forms(answers, numbers, len(numbers))
    wrong = [np.zeros(0, dtype=np.int64)]
    for first in range(0, len(answers.form), _ROWS_AT_ONCE):
        part = slice(first, first + _ROWS_AT_ONCE)
        wrong.append(first + np.flatnonzero(of_item.take(answers.code[part]) != of_form.take(answers.form[part])))
    rows = np.concatenate(wrong)
    found = pl.DataFrame({"form": answers.form[rows], "is_unknown": of_item[answers.code[rows]] < 0})
    flagged = found.group_by("form").agg(pl.col("is_unknown").any(), is_mixed=(~pl.col("is_unknown")).any())
    if len(rows):
        code = answers.code.copy()
        code[rows] = len(known_items())
        answers = answers._replace(code=code)
    return answers, flagged.with_columns(pl.col("form").cast(pl.UInt32))


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
