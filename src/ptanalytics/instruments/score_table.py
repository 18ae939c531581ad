"""Conversion tables from raw sums to T scores, read from a file of the user: the publishers' tables are not shipped."""

import csv
import itertools
from pathlib import Path

from ptanalytics.errors import ReferenceDataError
from ptanalytics.instruments.catalogue import instrument

ScoreTable = dict[int, tuple[float, float]]


def read_score_table(path: str | Path, instrument_id: str) -> ScoreTable:
    """Read the table of a PROMIS short form (``raw,t,se``) from the publisher's scoring manual.

    Use it as ``settings={"scoring": {"score_tables": {"promis_pi4a": read_score_table("pi4a.csv", "promis_pi4a")}}}``.

    Args:
        path: A CSV file with the headings ``raw``, ``t`` and ``se``.
        instrument_id: A scale scored by such a table.

    Returns:
        Raw sum to (T score, standard error).

    Raises:
        ReferenceDataError: The scale takes no table; a heading, a raw sum or a number is missing; T does not rise.

    References:
        HealthMeasures scoring manuals.
    """
    scale = instrument(instrument_id)
    if scale.scoring is None or scale.scoring.rule != "t_score":
        raise ReferenceDataError(f"The scale {instrument_id} is not scored by a table. Only PROMIS short forms are.")
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:
            table = {int(row["raw"]): (float(row["t"]), float(row["se"])) for row in csv.DictReader(stream)}
    except (OSError, KeyError, TypeError, ValueError):
        message = "The score table cannot be read: it must be a CSV file with the headings raw, t and se and numbers below."
        raise ReferenceDataError(message) from None
    n_items = len(scale.items)
    wanted = list(range(int(n_items * scale.scoring.item_minimum), int(n_items * scale.scoring.item_maximum) + 1))
    if sorted(table) != wanted:
        message = f"The score table must have each raw sum from {wanted[0]} to {wanted[-1]} once; {len(table)} were found."
        raise ReferenceDataError(message)
    scores = [table[raw] for raw in wanted]
    if any(b[0] <= a[0] for a, b in itertools.pairwise(scores)) or any(error <= 0 for _, error in scores):
        raise ReferenceDataError("In the score table T must rise with the raw sum and each standard error be above 0.")
    return table
