"""Pain before, during, after and the day after an exercise: every entry and the rise it gives."""

from datetime import timedelta
from statistics import fmean
from typing import Any

from ptanalytics.dates import local_day_of
from ptanalytics.instruments import count_text
from ptanalytics.instruments import short_number as number_of
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Reading, Row, Told
from ptanalytics.outcomes.explained.pain_days import UNIT, left_out_step, used
from ptanalytics.outcomes.explained.wording import sum_of, why

SILBERNAGEL = "Silbernagel 2007, doi:10.1177/0363546506298279 (pain-monitoring model)"
#: Moment, its column in the log, and the columns of the result.
_MOMENTS = (("during", "pain_during_nprs"), ("after", "pain_after_nprs"), ("next day", "pain_next_day_nprs"))
_NEAR = 1e-9


def tell_exercise(row: Row, evidence: Evidence) -> Told:
    """Explain the pain response to one exercise."""
    readings = _readings(row, evidence)
    steps = [
        (
            "A rise is the value minus pain before, over entries that have both. Exercises of one session share its pain, "
            "so a rise cannot be given to one of them alone."
        )
    ]
    if row["n_next_day_from_log"]:
        steps.append(
            f"Next-day pain of {count_text(row['n_next_day_from_log'], 'entry', 'entries')} is from the daily log."
        )
    for moment, _ in _MOMENTS:
        steps += _rise_step(row, moment, used(readings, moment))
    tuning = evidence.settings.tuning
    steps.append(f"During above {number_of(tuning.amber_max)}: {count_text(row['n_over_limit'], 'entry', 'entries')}.")
    rise = number_of(tuning.not_settled_min_rise)
    steps.append(f"Not settled the next day (a rise of {rise} or more): {row['n_not_settled']}.")
    return Told(
        sentence=_sentence(row),
        steps=[*steps, *left_out_step(evidence)],
        value=row["rise_during"],
        unit=UNIT,
        n=row["n_done"],
        window=(row["from_date"], row["to_date"]),
        readings=readings,
        worked_out=_again(readings, evidence) if readings else {},
        counts_as="rise over pain before",
        sources=(SILBERNAGEL,),
    )


def _sentence(row: Row) -> str:
    head = f"Exercise {row['exercise_id']}, done {count_text(row['n_done'], 'time')}"
    if row["reason"] is not None:
        return f"{head}: nothing can be said about pain, because {why(row)}."
    rises = {"during": row["rise_during"], "after": row["rise_after"], "the next day": row["rise_next_day"]}
    said = [f"{'+' if rise > 0 else ''}{number_of(rise, 2)} {moment}" for moment, rise in rises.items() if rise is not None]
    return f"{head}: pain changes by {', '.join(said)}." if said else f"{head}: no entry has pain before and a later value."


def _rise_step(row: Row, moment: str, rises: list[float]) -> list[str]:
    rise = row[f"rise_{moment.replace(' ', '_')}"]
    if rise is None:
        return [f"Rise {moment}: no entry has pain before and {moment}."]
    terms = f"({sum_of(rises)}) / {len(rises)} = " if rises else ""
    return [f"Rise {moment}: {terms}{number_of(rise, 2)}."]


def _readings(row: Row, evidence: Evidence) -> list[Reading]:
    """Return three readings an entry; each counts with its rise over pain before."""
    if not evidence.has_data:
        return []
    logged = dict(evidence.daily.select("date", "pain_nprs").iter_rows())
    if evidence.cutoff is not None:
        logged = {day: pain for day, pain in logged.items() if day <= evidence.cutoff}
    readings = []
    own = evidence.table("sessions").filter(exercise_id=row["exercise_id"]).sort("started_at", "session_id")
    for entry in own.iter_rows(named=True):
        day = local_day_of(entry["started_at"], evidence.settings.time.day_start_hour)
        if entry["skip_reason"] is not None or (evidence.cutoff is not None and day > evidence.cutoff):
            remark = "skipped" if entry["skip_reason"] is not None else "after the cutoff"
            readings.append(Reading(day, "entry", None, None, None, remark))
            continue
        before = entry["pain_before_nprs"]
        readings.append(Reading(day, "before", before, None, None if before is None else "before", ""))
        for moment, column in _MOMENTS:
            value, remark = entry[column], ""
            if value is None and moment == "next day" and day + timedelta(days=1) in logged:
                value, remark = logged[day + timedelta(days=1)], "from the daily log"
            readings.append(_moment(day, moment, value, before, remark))
    return readings


def _moment(day: Any, moment: str, value: float | None, before: float | None, remark: str) -> Reading:
    if value is None:
        return Reading(day, moment, None, None, None, f"no pain {moment} recorded")
    if before is None:
        return Reading(day, moment, value, None, f"{moment}, without rise", remark or "no pain before recorded")
    return Reading(day, moment, value, value - before, moment, remark)


def _again(readings: list[Reading], evidence: Evidence) -> dict[str, Any]:
    found: dict[str, Any] = {"n_before": sum(one.part == "before" for one in readings)}
    for moment, _ in _MOMENTS:
        name, rises = moment.replace(" ", "_"), used(readings, moment)
        found[f"n_{name}"] = sum(one.what == moment and one.value is not None for one in readings)
        found[f"rise_{name}"] = fmean(rises) if rises else None
    tuning = evidence.settings.tuning
    during = [one.value for one in readings if one.what == "during" and one.value is not None]
    later = used(readings, "next day")
    found["n_over_limit"] = sum(value > tuning.amber_max + _NEAR for value in during)
    found["n_not_settled"] = sum(rise >= tuning.not_settled_min_rise - _NEAR for rise in later)
    return found
