"""Counting the answers of many forms at once: sums, blanks and faults per form and scale."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from ptanalytics.instruments.items import item_layers, known_items, scored_forms

TOLERANCE = 1e-9
FORM = ("patient_id", "response_id", "completed_at", "instrument_id")

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Answers(NamedTuple):
    """Answers as arrays, and the forms behind their numbers."""

    form: Integers
    code: Integers  # of the item; one past the last for an item of no instrument
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
    is_first = pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in FORM).fill_null(value=True)
    marked = responses.with_columns(is_first=is_first)
    heads = marked.filter("is_first").select(FORM)
    forms = heads.unique(maintain_order=True).with_row_index("form")
    if forms.height == heads.height:
        form_of_run = forms["form"]
    else:
        form_of_run = heads.join(forms, on=FORM, how="left", maintain_order="left")["form"]
    run = np.cumsum(marked["is_first"].to_numpy()) - 1
    code = responses["item_id"].cast(pl.Enum(list(known_items())), strict=False).to_physical().cast(pl.Int64)
    return Answers(
        form_of_run.cast(pl.Int64).to_numpy()[run],
        code.fill_null(len(known_items())).to_numpy(),
        responses["answer"].fill_null(float("nan")).to_numpy(),
        forms,
    )


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


@cache
def _layer(number: int) -> dict[str, Floats]:
    """Return one layer of items as arrays by item code, with an entry at the end for unknown items."""
    layer = item_layers()[number]
    places = [
        -1 if scale is None else scale_positions()[form, scale]
        for form, scale in layer.select("form_of_item", "scale").iter_rows()
    ]
    arrays = {"position": np.array([*places, -1], dtype=np.float64)}
    for name in ("low", "high", "step", "slope", "offset", "counts_one_from", "bit"):
        arrays[name] = np.array([*layer[name].cast(pl.Float64).fill_null(float("nan")).to_list(), np.nan])
    return arrays


def _rows(answers: Answers, number: int) -> _Rows:
    """Return the answers that count for a scale in one layer, with what each is worth."""
    layer = _layer(number)
    position = layer["position"].astype(np.int64)[answers.code]
    is_used = position >= 0
    code, answer = answers.code[is_used], answers.answer[is_used]
    slot = answers.form[is_used] * scales_per_form() + position[is_used]
    low, high, step = (layer[name][code] for name in ("low", "high", "step"))
    value = layer["offset"][code] + layer["slope"][code] * answer
    ones = layer["counts_one_from"][code]
    is_binary = ~np.isnan(ones)
    if is_binary.any():
        value[is_binary] = answer[is_binary] >= ones[is_binary]
    with np.errstate(invalid="ignore"):
        steps = (answer - low) / step
        is_outside = (answer < low) | (answer > high) | (np.abs(steps - np.round(steps)) > TOLERANCE)
    return _Rows(slot, code, answer, value, layer["bit"][code], is_outside)


_ROWS_AT_ONCE = 2_000_000


def _parts(answers: Answers) -> Iterator[_Rows]:
    """Yield the answers layer by layer in parts, so that memory does not grow with their number."""
    for number in range(len(item_layers())):
        for first in range(0, len(answers.form), _ROWS_AT_ONCE):
            part = slice(first, first + _ROWS_AT_ONCE)
            rows = _rows(Answers(answers.form[part], answers.code[part], answers.answer[part], answers.forms), number)
            if len(rows.slot):
                yield rows


def _add(sums: dict[str, Floats], rows: _Rows) -> None:
    is_given = ~np.isnan(rows.answer)
    if not is_given.any():
        return
    slot = rows.slot[is_given]
    answer = rows.answer[is_given]
    # Forms come mostly in order, so a part touches few of all forms.
    first, size = int(slot.min()), int(slot.max() - slot.min()) + 1
    weights = {
        "total": rows.value[is_given],
        "answered": None,
        "bits": rows.bit[is_given],
        "outside": rows.is_outside[is_given],
        "sum": answer,
        "squares": answer * answer,
    }
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
    of_item = np.array([*(number_of[name] for name in item_layers()[0]["form_of_item"]), -1])[answers.code]
    of_form = answers.forms["instrument_id"].replace_strict(number_of, return_dtype=pl.Int64).to_numpy()[answers.form]
    wrong = of_item != of_form
    found = pl.DataFrame({"form": answers.form[wrong], "is_unknown": of_item[wrong] < 0})
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
