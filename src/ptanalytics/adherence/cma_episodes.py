"""Pharmacy measures per treatment episode."""

import numpy as np
import polars as pl

from ptanalytics.adherence.cma_bank import left_over
from ptanalytics.adherence.cma_events import FollowUp, follow_up
from ptanalytics.adherence.cma_measures import Carrying, measures
from ptanalytics.adherence.cma_supplies import TWO_YEARS_DAYS
from ptanalytics.analysis import analysis
from ptanalytics.errors import SettingsError
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.pharmacy_results import PharmacyEpisodes

HALF_A_YEAR_DAYS = 180


@analysis(returns=PharmacyEpisodes)
def pharmacy_episodes(
    supplies: pl.LazyFrame,
    *,
    permissible_gap_days: float = HALF_A_YEAR_DAYS,
    category_change_starts_episode: bool = True,
    dose_change_starts_episode: bool = False,
    followup_start_day: int = 0,
    followup_days: int = TWO_YEARS_DAYS,
    carry_only_same_category: bool = False,
    adjust_for_dose: bool = False,
) -> pl.LazyFrame:
    """Split supplies into treatment episodes and measure each; see `pharmacy_adherence` for the measures.

    A new episode begins with an event on a later day when more than ``permissible_gap_days`` without supply lie before it,
    or when it is of another category (or dose). An episode begins with its first event, without supply from an earlier
    one, and ends

    - where another follows: when its supply is used up, at the latest when the next episode begins;
    - otherwise with follow-up, or, if the gap up to there is longer than permissible, when its supply is used up.

    Each episode is follow-up and observation window of its own measures. A gap of 180 days and a new episode with each
    change of medicine are the values of AdhereR's vignette.

    Args:
        supplies: Supplies handed over.
        permissible_gap_days: Longest time without supply inside an episode.
        category_change_starts_episode: Another category is another treatment.
        dose_change_starts_episode: So is another dose.
        followup_start_day: First day of follow-up, from the first event.
        followup_days: Length of follow-up.
        carry_only_same_category: See `pharmacy_adherence`.
        adjust_for_dose: See `pharmacy_adherence`.

    Returns:
        One row per patient and episode. Columns: `PharmacyEpisodes`.

    Raises:
        SettingsError: The gap is negative or follow-up is empty.

    Example:
        >>> from datetime import date
        >>> supplies = pl.DataFrame({"patient_id": "P1", "duration_days": [30.0, 30.0],
        ...                          "supplied_date": [date(2026, 1, 1), date(2026, 12, 1)]})
        >>> found = pharmacy_episodes(supplies=supplies, followup_days=365)
        >>> found.select("episode", "window_days", "gap_days", "cma7").rows()
        [(1, 30, 304.0, 1.0), (2, 31, 1.0, 0.967741935483871)]

    References:
        Vrijens 2012, doi:10.1111/j.1365-2125.2012.04167.x; AdhereR package, doi:10.1371/journal.pone.0174426.
    """
    if permissible_gap_days < 0:
        message = f"permissible_gap_days is {permissible_gap_days}, but a gap is 0 days or longer. Give 0 or more."
        raise SettingsError(message)
    followed = follow_up(supplies, followup_start_day=followup_start_day, followup_days=followup_days)
    starts = {"category": category_change_starts_episode, "dose": dose_change_starts_episode}
    carrying = Carrying(carry_only_same_category, adjust_for_dose)
    rows = _with_episodes(followed, starts, carrying, permissible_gap_days)
    units = rows.group_by("episode_row", maintain_order=True).agg(
        person=pl.col("unit").first(),
        from_day=pl.col("day").first(),
        to_day=pl.col("ends").last().ceil().cast(pl.Int32),
        gap_days=pl.col("gap").last(),
        is_last=pl.col("is_last").last(),
    )
    units = units.with_columns(end_day="to_day", episode=(pl.int_range(pl.len()).over("person") + 1).cast(pl.Int32)).drop(
        "episode_row"
    )
    events = rows.select(unit="episode_row", day="day", duration="duration", dose="dose", category="category")
    found = measures(events, units, carrying).hstack(units)
    return followed.named(found, units["person"]).lazy().select(columns_of(PharmacyEpisodes).keys())


def _with_episodes(
    followed: FollowUp, starts: dict[str, bool], carrying: Carrying, permissible_gap_days: float
) -> pl.DataFrame:
    """Add to each event its episode, and when that would end after it: ``episode_row, ends, gap, is_last``."""
    events = followed.events
    unit, day = events["unit"].to_numpy(), events["day"].to_numpy().astype(np.float64)
    duration = events["duration"].to_numpy()
    is_first = np.diff(unit, prepend=-1) != 0
    later = np.diff(day, prepend=-np.inf) > 0
    changed = is_first.copy()
    thrown_away = is_first.copy()
    for name, starts_episode in starts.items():
        is_other = events.select(pl.col(name).ne_missing(pl.col(name).shift())).to_series().to_numpy()
        if starts_episode:
            changed |= is_other & later
        if name == "category" and carrying.only_same_category:
            thrown_away |= is_other
    rate = events["dose"].fill_null(1.0).to_numpy() if carrying.adjust_for_dose else np.ones(len(unit))
    is_last = np.append(is_first[1:], True)[: len(unit)]
    follow_up_end = followed.people["end_day"].to_numpy().astype(np.float64)[unit]
    until = np.where(is_last, follow_up_end, np.append(day[1:], 0.0)[: len(unit)])
    used_up = day + duration + left_over(duration, until - day, rate, changed | thrown_away)
    gap = np.maximum(until - used_up, 0.0)
    is_long = gap > permissible_gap_days + 1e-9
    begins = changed | np.append(False, is_long[:-1])[: len(unit)]
    ends = np.where(is_last & ~is_long, follow_up_end, np.minimum(used_up, until))
    return events.with_columns(
        pl.Series("episode_row", np.cumsum(begins) - 1, dtype=pl.Int64),
        pl.Series("ends", ends - 1e-9),  # so that rounding up to whole days does not add one
        pl.Series("gap", gap),
        pl.Series("is_last", is_last),
    )
