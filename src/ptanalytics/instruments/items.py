"""The items of all instruments as tables: which form an item is on, which scale it counts for, and how."""

from collections import defaultdict
from functools import cache

import polars as pl

from ptanalytics.instruments.catalogue import Instrument, ItemRule, ScoringRule, instrument, instrument_ids
from ptanalytics.settings import ScoringSettings

_PROFILE_LEVELS = 9  # a dimension without answer stands as 9 in a profile


@cache
def scored_forms() -> tuple[tuple[str, str], ...]:
    """Return every pair of form and scale scored from it, e.g. ``("fabq", "fabq_pa")`` and ``("tsk17", "tsk11")``."""
    pairs = []
    for scale in map(instrument, instrument_ids()):
        pairs.append((scale.form_id, scale.id))
        if scale.derived is not None:
            pairs.append((scale.derived.form, scale.id))
    return tuple(pairs)


@cache
def known_items() -> tuple[str, ...]:
    """Return the ids of all items, scored or not; their order is their code."""
    scales = [instrument(name) for name in instrument_ids()]
    return tuple(dict.fromkeys(item for scale in scales for item in (*scale.items, *scale.unscored_items)))


@cache
def item_layers() -> tuple[pl.DataFrame, ...]:
    """Return the items with the scale each counts for, in item code order.

    An item counts for one scale in most forms; where it counts for two (a total and a subscale), the second is in the
    second layer, so that a layer has each item once. ``scale`` is missing for an item that the layer does not score.
    """
    uses: dict[str, list[dict[str, object]]] = defaultdict(list)
    for scale in map(instrument, instrument_ids()):
        sources = [scale.items] if scale.derived is None else [scale.items, scale.derived.items]
        for items in sources:
            for position, (item, own) in enumerate(zip(items, scale.items, strict=True)):
                uses[item].append(_use(scale, own, position))
    depth = max(map(len, uses.values()))
    forms = {item: scale.form_id for scale in map(instrument, instrument_ids()) for item in _own_form(scale)}
    layers = []
    for level in range(depth):
        rows = [{"form_of_item": forms[item]} | _at(uses[item], level) for item in known_items()]
        layers.append(pl.DataFrame(rows, schema=_SCHEMA))
    return tuple(layers)


_SCHEMA = {
    "form_of_item": pl.String,
    "scale": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "step": pl.Float64,
    "slope": pl.Float64,
    "offset": pl.Float64,
    "counts_one_from": pl.Float64,
    "bit": pl.Int64,
    "is_alert": pl.Boolean,
}


def _own_form(scale: Instrument) -> tuple[str, ...]:
    return (*scale.items, *scale.unscored_items)


def _at(uses: list[dict[str, object]], level: int) -> dict[str, object]:
    empty: dict[str, object] = dict.fromkeys(list(_SCHEMA)[1:])
    return uses[level] if level < len(uses) else empty


def _use(scale: Instrument, item: str, position: int) -> dict[str, object]:
    rule = scale.scoring
    assert rule is not None  # an instrument with items has scoring: the catalogue checks it  # noqa: S101
    own = rule.item_rules.get(item, ItemRule())
    low = rule.item_minimum if own.minimum is None else own.minimum
    high = rule.item_maximum if own.maximum is None else own.maximum
    slope, offset = (-1.0, low + high) if item in rule.reversed else (1.0, 0.0)
    if rule.rule == "profile":
        slope = 10.0 ** (len(scale.items) - 1 - position)
        offset = -_PROFILE_LEVELS * slope
    return {
        "scale": scale.id,
        "low": low,
        "high": high,
        "step": rule.item_step,
        "slope": slope,
        "offset": offset,
        "counts_one_from": own.counts_one_from,
        "bit": 2**position,
        "is_alert": item in scale.alert_items,
    }


def scale_type() -> pl.Enum:
    """Return the type of a column that holds the id of a scale."""
    return pl.Enum(list(instrument_ids()))


def scale_facts(settings: ScoringSettings) -> pl.DataFrame:
    """Return what the scorer must know of each scale of each form, one row per pair of form and scale."""
    rows = [_facts(form, instrument(scale), settings) for form, scale in scored_forms()]
    # Millions of rows carry a scale: as a number each is compared and joined at a fraction of the cost.
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col("scale").cast(scale_type()))


def _facts(form: str, scale: Instrument, settings: ScoringSettings) -> dict[str, object]:
    rule = scale.scoring or ScoringRule(rule="sum", item_minimum=0, item_maximum=1, several_answers="no_score")
    is_checkbox = rule.is_checkbox(settings)
    n_items = len(scale.items)
    return {
        "form_id": form,
        "scale": scale.id,
        "rule": rule.rule,
        "n_items": n_items,
        "needed": 1 if is_checkbox or rule.open_items else rule.needed(n_items, settings, scale.id),
        "item_maximum": rule.item_maximum,
        "is_checkbox": is_checkbox,
        "is_highest_taken": rule.several_answers == "highest",
        "has_reversed": bool(rule.reversed),
        "few_items": rule.few_items,
        "is_scored": scale.scoring is not None,
        "is_open": rule.open_items,
        "is_derived": form != scale.form_id,
        "has_table": rule.rule != "t_score" or scale.id in settings.score_tables,
        "best": scale.minimum if scale.is_lower_better else scale.maximum,
        "worst": scale.maximum if scale.is_lower_better else scale.minimum,
        "is_outcome": scale.kind == "outcome",
    }
