"""Daily pain: one value per patient and day, from ratings of one recall and one body site."""

import polars as pl

from ptanalytics.analysis import analysis
from ptanalytics.dates import local_day
from ptanalytics.errors import InvalidTableError, SettingsError
from ptanalytics.schemas.results import DailyPain
from ptanalytics.schemas.tables import RECALLS
from ptanalytics.settings import Settings, default_settings


@analysis(returns=DailyPain)
def daily_pain(
    pain_scores: pl.LazyFrame, *, recall: str | None = None, site: str | None = None, settings: Settings | None = None
) -> pl.LazyFrame:
    """Reduce pain ratings to one value per patient and local day (0-10, lower is better).

    The value is the mean of the day's ratings, or their maximum with ``outcomes.daily_agg = "max"``. A series never mixes
    recalls: each patient has one, the recall of the settings where the patient has any such rating, else the one with
    most ratings (ties: the earlier in `RECALLS`). A rating without recall is ``unknown``. A day without a rating has no
    row; it is never filled in.

    Args:
        pain_scores: Ratings.
        recall: Take only this recall, for every patient.
        site: Body site; default ``outcomes.pain_site``, which ratings without a site belong to.
        settings: Start of the day, daily rule, recall and site.

    Returns:
        Columns of `DailyPain`. ``is_flare``: any rating of that site and day carries the person's flare mark.

    Example:
        >>> from datetime import datetime
        >>> ratings = pl.DataFrame({"patient_id": "P1", "pain_nprs": [6.0, 9.0, 5.0], "recorded_at": [
        ...     datetime(2026, 3, 2, 8), datetime(2026, 3, 2, 20), datetime(2026, 3, 3, 8)]})
        >>> daily_pain(ratings).select("date", "pain_nprs", "n_readings").rows()
        [(datetime.date(2026, 3, 2), 7.5, 2), (datetime.date(2026, 3, 3), 5.0, 1)]

    References:
        Chiarotto 2018, doi:10.1097/j.pain.0000000000001117.
    """
    settings = settings or default_settings()
    return per_day(chosen_readings(pain_scores, recall=recall, site=site, settings=settings), settings)


def chosen_readings(
    pain_scores: pl.LazyFrame, *, recall: str | None = None, site: str | None = None, settings: Settings
) -> pl.LazyFrame:
    """Return the ratings of the chosen site and of one recall per patient: ``date`` and the columns of the table.

    ``is_flare`` is that of the whole day, whatever the recall of the rating that carries the mark.

    Raises:
        InvalidTableError: There is no such recall.
        SettingsError: The recall of the settings does not exist.
    """
    outcomes = settings.outcomes
    if recall is not None and recall not in RECALLS:
        message = f"There is no recall of that name. There are: {', '.join(RECALLS)}."
        raise InvalidTableError(message)
    if outcomes.recall not in RECALLS:
        message = f"The setting outcomes.recall must be one of: {', '.join(RECALLS)}."
        raise SettingsError(message)
    site = site or outcomes.pain_site
    is_site = pl.col("site").fill_null(outcomes.pain_site) == site
    readings = pain_scores.filter(is_site & pl.col("pain_nprs").is_not_null()).with_columns(
        recall=pl.col("recall").fill_null("unknown"),
        date=local_day(pl.col("recorded_at"), settings.time.day_start_hour),
    )
    # Marks are few: joining the marked days is many times faster than a window over every day.
    marks = readings.filter(pl.col("is_flare")).select("patient_id", "date", is_marked=pl.lit(value=True)).unique()
    marked = (
        readings.drop("is_flare")
        .join(marks, on=["patient_id", "date"], how="left", maintain_order="left")
        .with_columns(is_flare=pl.col("is_marked").fill_null(value=False))
        .drop("is_marked")
    )
    if recall is not None:
        return marked.filter(pl.col("recall") == recall)
    order = {name: rank for rank, name in enumerate(RECALLS)}
    chosen = (
        readings.group_by("patient_id", "recall")
        .agg(n=pl.len())
        .sort(
            pl.col("recall") != outcomes.recall,
            -pl.col("n").cast(pl.Int64),
            pl.col("recall").replace_strict(order, default=len(order)),
            "recall",
        )
        .unique("patient_id", keep="first", maintain_order=True)
        .select("patient_id", "recall")
    )
    return marked.join(chosen, on=["patient_id", "recall"], how="semi", maintain_order="left")


def per_day(readings: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Reduce chosen readings to one row per patient and day, in that order where the readings are."""
    is_max = settings.outcomes.daily_agg == "max"
    return readings.map_batches(lambda frame: _per_day(frame, is_max=is_max), schema=_DAILY)


_DAILY: dict[str, pl.DataType | type[pl.DataType]] = {
    "patient_id": pl.String,
    "date": pl.Date,
    "pain_nprs": pl.Float64,
    "n_readings": pl.Int32,
    "recall": pl.String,
    "is_flare": pl.Boolean,
}


def _per_day(readings: pl.DataFrame, *, is_max: bool) -> pl.DataFrame:
    """Reduce readings to days; readings in order, as a study keeps them, need no comparing of every id with every other."""
    person, day = pl.col("patient_id"), pl.col("date")
    is_same = person == person.shift()
    facts = readings.select(
        is_new=(~is_same | (day != day.shift())).fill_null(value=True),
        is_in_order=((person > person.shift()) | (is_same & (day >= day.shift()))).fill_null(value=True),
    )
    if facts["is_in_order"].all() and facts["is_new"].all():
        return readings.select(
            "patient_id", "date", "pain_nprs", "recall", "is_flare", n_readings=pl.lit(1, dtype=pl.Int32)
        ).select(list(_DAILY))  # fmt: skip
    value = pl.col("pain_nprs")
    reduced = {
        "pain_nprs": value.max() if is_max else value.mean(),
        "n_readings": pl.len().cast(pl.Int32),
        "recall": pl.col("recall").first(),
        "is_flare": pl.col("is_flare").any(),
    }
    if not facts["is_in_order"].all():
        return readings.group_by("patient_id", "date").agg(**reduced).select(list(_DAILY))
    run = facts["is_new"].cum_sum()
    days = readings.with_columns(run=run.set_sorted()).group_by("run", maintain_order=True)
    return days.agg(person.first(), day.first(), **reduced).select(list(_DAILY))
