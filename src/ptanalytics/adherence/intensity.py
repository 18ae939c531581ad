"""Intensity adherence: was the effort in the prescribed range?"""

from datetime import date

import polars as pl

from ptanalytics.adherence.entries import Entries, read_entries
from ptanalytics.analysis import analysis
from ptanalytics.schemas.dose_results import IntensityAdherence
from ptanalytics.schemas.model import columns_of
from ptanalytics.settings import Settings, default_settings

_COUNTS = ("done", "rated", "below", "within", "above")


@analysis(returns=IntensityAdherence, optional=("pauses", "patients"))
def intensity_adherence(
    sessions: pl.LazyFrame,
    plans: pl.LazyFrame,
    pauses: pl.LazyFrame,
    patients: pl.LazyFrame,
    *,
    settings: Settings | None = None,
    cutoff_date: date | None = None,
) -> pl.LazyFrame:
    """Measure the share of sessions whose perceived effort (RPE 0-10) lies in the prescribed range.

    ``within_pct = 100 x within / rated``. The range is that of the plan version in force on the day, both ends included;
    an end that is not given is open. Only exercises with a range, of which something was done, on eligible days, are
    looked at. A session is above the range when one of its rated exercises is, else below when one is, else within.
    An unrated session is not within and not outside: it is in ``done`` but not in ``rated``. Effort is reported beside
    frequency and dose, never multiplied into them.

    Args:
        sessions: Logged sessions, with ``rpe``.
        plans: Prescribed exercises, with ``rpe_min`` and ``rpe_max``.
        pauses: Breaks; may be absent.
        patients: Discharge days; may be absent.
        settings: Settings of the run.
        cutoff_date: Last day observed; the study's, or the latest day in ``sessions``.

    Returns:
        For each patient with a plan in force one row over all sessions (``exercise_id`` missing), and one per exercise
        with a range. Columns: `IntensityAdherence`. No percentage: ``no_range`` (the plan gives none), ``no_entry``
        (nothing was done under a range), ``no_rating``.

    Example:
        >>> plans = pl.DataFrame({"patient_id": "P1", "plan_version": [1], "exercise_id": ["bridge"], "rpe_min": [3.0],
        ...                       "rpe_max": [5.0], "valid_from_date": [date(2026, 3, 2)], "sessions_per_week": [3.0]})
        >>> days = ["2026-03-02", "2026-03-04", "2026-03-06", "2026-03-07"]
        >>> sessions = pl.DataFrame({"patient_id": "P1", "session_id": days, "exercise_id": "bridge", "started_at": days,
        ...                          "rpe": [3.0, 5.0, 7.0, None]})
        >>> effort = intensity_adherence(sessions=sessions, plans=plans)
        >>> effort.select("exercise_id", "done", "rated", "within", "above", pl.col("within_pct").round(1)).row(0)
        (None, 4, 3, 2, 1, 66.7)

    References:
        Hawley-Hague 2016, doi:10.1136/bmjopen-2015-010560 [intensity as a definition of its own].
    """
    settings = settings or default_settings()
    entries = read_entries(sessions, plans, pauses, patients, settings=settings, cutoff_date=cutoff_date, also=("rpe",))
    rows = intensity_of(entries)
    return rows.lazy().select(columns_of(IntensityAdherence).keys())


def intensity_of(entries: Entries) -> pl.DataFrame:
    """Return the rows of `IntensityAdherence`, with ``person`` beside ``patient_id``."""
    items = entries.items.with_columns(has_range=pl.any_horizontal(pl.col("rpe_min", "rpe_max").is_not_null()))
    judged = _judged(entries, items)
    per_exercise = items.lazy().group_by("person", "exercise_id").agg(pl.col("has_range").any()).filter("has_range")
    per_person = items.lazy().group_by("person").agg(pl.col("has_range").any())
    sessions = judged.group_by("person", "session").agg(
        pl.col("below", "above").any(), pl.col("is_rated").any(), pl.col("rpe").mean()
    )
    of_sessions = per_person.join(_counts(sessions, "person"), on="person", how="left").with_columns(
        exercise_id=pl.lit(None, pl.String)
    )
    of_exercises = per_exercise.join(_counts(judged, "person", "exercise_id"), on=["person", "exercise_id"], how="left")
    rows = (
        pl.concat([of_sessions, of_exercises], how="diagonal")
        .with_columns(pl.col(_COUNTS).fill_null(0))
        .with_columns(
            within_pct=pl.when(pl.col("rated") > 0).then(100 * pl.col("within") / pl.col("rated")),
            reason=pl.when(~pl.col("has_range"))
            .then(pl.lit("no_range"))
            .when(pl.col("done") == 0)
            .then(pl.lit("no_entry"))
            .when(pl.col("rated") == 0)
            .then(pl.lit("no_rating")),
        )
        .sort("person", "exercise_id")
        .collect()
    )
    return rows.with_columns(pl.lit(entries.inputs.people["patient_id"].gather(rows["person"])).alias("patient_id"))


def _judged(entries: Entries, items: pl.DataFrame) -> pl.LazyFrame:
    """Done entries under a range: ``person, session, exercise_id, rpe, is_rated, below, above``."""
    ranges = items.with_row_index("item").select(
        pl.col("item").cast(pl.Int64), "exercise_id", "has_range", "rpe_min", "rpe_max"
    )
    return (
        entries.rows.lazy()
        .filter(pl.col("is_eligible") & (pl.col("item") >= 0) & (pl.col("fraction") > 0))
        .join(ranges.lazy().filter("has_range"), on="item")
        .with_columns(
            is_rated=pl.col("rpe").is_not_null(),
            below=(pl.col("rpe") < pl.col("rpe_min")).fill_null(value=False),
            above=(pl.col("rpe") > pl.col("rpe_max")).fill_null(value=False),
        )
    )


def _counts(rows: pl.LazyFrame, *keys: str) -> pl.LazyFrame:
    rated, above = pl.col("is_rated"), pl.col("above")
    below = pl.col("below") & ~above
    return rows.group_by(keys).agg(
        done=pl.len().cast(pl.Int32),
        rated=rated.sum().cast(pl.Int32),
        below=below.sum().cast(pl.Int32),
        within=(rated & ~below & ~above).sum().cast(pl.Int32),
        above=above.sum().cast(pl.Int32),
        mean_rpe=pl.col("rpe").mean(),
    )
