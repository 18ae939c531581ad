"""Pharmacy measures of supplies: over one window, per treatment episode and in sliding windows."""

import polars as pl

from ptanalytics.adherence.cma_events import follow_up, observation
from ptanalytics.adherence.cma_measures import Carrying, measures
from ptanalytics.analysis import analysis
from ptanalytics.errors import SettingsError
from ptanalytics.schemas.model import columns_of
from ptanalytics.schemas.pharmacy_results import PharmacyAdherence, PharmacyWindows

TWO_YEARS_DAYS = 730


@analysis(returns=PharmacyAdherence)
def pharmacy_adherence(
    supplies: pl.LazyFrame,
    *,
    followup_start_day: int = 0,
    followup_days: int = TWO_YEARS_DAYS,
    observation_start_day: int = 0,
    observation_days: int | None = None,
    carry_only_same_category: bool = False,
    adjust_for_dose: bool = False,
) -> pl.LazyFrame:
    """Measure how much of a window supplies cover, by CMA1 to CMA9 and PDC, as ratios (AdhereR's definitions).

    Events of the observation window ``[start, end)``, the first at ``t1``, the last at ``tn``, last ``d`` days each:

    - ``cma1 = sum d without the last / (tn - t1)``, ``cma2 = sum d / (end - t1)``; both can exceed 1; ``cma3`` and ``cma4``
      are the same, at most 1;
    - ``cma5``: share of days from ``t1`` to ``tn`` with supply, ``cma6`` from ``t1`` to ``end``; what is left at an event
      is used up before the new supply, counted from ``t1`` on;
    - ``cma7``: share of all days of the window with supply, with what is left of events before it;
    - ``cma8``: as ``cma7``, the window beginning when the supply from before it is used up (after ``lag_days``);
    - ``cma9``: each day weighs ``min(1, supply available at the last event / days from it to the next event)``, mean over
      the window; the last interval ends with follow-up, days before the first event weigh 0;
    - ``pdc``: share of days covered by at least one supply, nothing carried over.

    The windows are counted from each patient's first event; events outside follow-up are not used. An event on the day
    after a window's last is outside it. A patient with no event in the window has no CMA1-6; with one event, or all on one
    day, no CMA1, 3, 5. Several medicines used at the same time are one supply here: filter on ``category`` to keep apart.

    Args:
        supplies: Supplies handed over.
        followup_start_day: First day of follow-up, from the first event.
        followup_days: Length of follow-up.
        observation_start_day: First day of the observation window, from the start of follow-up.
        observation_days: Its length; to the end of follow-up if not given.
        carry_only_same_category: What is left is thrown away when another category is supplied.
        adjust_for_dose: What is left lasts ``old dose / new dose`` times as long; a dose not recorded counts as 1.

    Returns:
        One row per patient with an event. Columns: `PharmacyAdherence`.

    Raises:
        SettingsError: A window is empty, or the observation window does not lie in follow-up.

    Example:
        >>> from datetime import date
        >>> supplies = pl.DataFrame({"patient_id": "P1", "duration_days": [30.0, 30.0],
        ...                          "supplied_date": [date(2026, 1, 1), date(2026, 2, 20)]})
        >>> found = pharmacy_adherence(supplies=supplies, observation_days=100)
        >>> found.select("cma1", "cma2", "cma7").row(0)
        (0.6, 0.6, 0.6)

    References:
        Vollmer 2012, doi:10.1186/1472-6963-12-155 (CMA1 to CMA8); AdhereR package, Dima and Dediu 2017,
        doi:10.1371/journal.pone.0174426 (CMA9).
    """
    followed = follow_up(supplies, followup_start_day=followup_start_day, followup_days=followup_days)
    units = observation(
        followed.people, start_day=observation_start_day, days=observation_days, followup_days=followup_days
    )
    found = measures(followed.events, units, Carrying(carry_only_same_category, adjust_for_dose))
    person = pl.int_range(units.height, eager=True)
    return followed.named(found.hstack(units), person).lazy().select(columns_of(PharmacyAdherence).keys())


@analysis(returns=PharmacyWindows)
def pharmacy_windows(
    supplies: pl.LazyFrame,
    *,
    window_days: int = 120,
    step_days: int = 120,
    followup_start_day: int = 0,
    followup_days: int = TWO_YEARS_DAYS,
    observation_start_day: int = 0,
    observation_days: int | None = None,
    carry_only_same_category: bool = False,
    adjust_for_dose: bool = False,
) -> pl.LazyFrame:
    """Measure supplies in windows that slide over the observation window; see `pharmacy_adherence` for the measures.

    The first window begins with the observation window and each next one ``step_days`` later; only whole windows inside
    the observation window are used, so 730 days hold 6 windows of 120 days one after the other.

    Args:
        supplies: Supplies handed over.
        window_days: Length of a window.
        step_days: Days from one window's start to the next.
        followup_start_day: First day of follow-up, from the first event.
        followup_days: Length of follow-up.
        observation_start_day: First day of the observation window, from the start of follow-up.
        observation_days: Its length; to the end of follow-up if not given.
        carry_only_same_category: See `pharmacy_adherence`.
        adjust_for_dose: See `pharmacy_adherence`.

    Returns:
        One row per patient and window. Columns: `PharmacyWindows`.

    Raises:
        SettingsError: A window or step is empty, or no whole window fits.

    Example:
        >>> from datetime import date
        >>> supplies = pl.DataFrame({"patient_id": "P1", "duration_days": [30.0, 30.0],
        ...                          "supplied_date": [date(2026, 1, 1), date(2026, 2, 20)]})
        >>> windows = pharmacy_windows(supplies=supplies, window_days=50, step_days=50, followup_days=100)
        >>> windows.select("window", "cma7").rows()
        [(1, 0.6), (2, 0.6)]
    """
    followed = follow_up(supplies, followup_start_day=followup_start_day, followup_days=followup_days)
    whole = observation(
        followed.people, start_day=observation_start_day, days=observation_days, followup_days=followup_days
    )
    length = followup_days - observation_start_day if observation_days is None else observation_days
    if window_days < 1 or step_days < 1 or window_days > length:
        message = (
            f"No window of {window_days} days in steps of {step_days} fits {length} days. Change window_days or step_days."
        )
        raise SettingsError(message)
    carrying, parts = Carrying(carry_only_same_category, adjust_for_dose), []
    person = pl.int_range(whole.height, eager=True)
    for number, shift in enumerate(range(0, length - window_days + 1, step_days), start=1):
        units = whole.with_columns(from_day=pl.col("from_day") + shift, to_day=pl.col("from_day") + shift + window_days)
        found = followed.named(measures(followed.events, units, carrying).hstack(units), person)
        parts.append(found.select(pl.lit(number, pl.Int32).alias("window"), pl.exclude("from_day", "to_day", "end_day")))
    return pl.concat(parts).lazy().select(columns_of(PharmacyWindows).keys())
