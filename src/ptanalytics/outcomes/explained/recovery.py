"""Recovery bands and the time without pain."""

from datetime import date, timedelta
from statistics import fmean
from typing import Any

from ptanalytics.dates import day_text
from ptanalytics.instruments import count_text
from ptanalytics.instruments import short_number as number_of
from ptanalytics.outcomes.explained.evidence import Evidence
from ptanalytics.outcomes.explained.explanation import Reading, Row, Told
from ptanalytics.outcomes.explained.pain_days import UNIT, day_readings, left_out_step, mean_step, used
from ptanalytics.outcomes.explained.wording import why, yes
from ptanalytics.outcomes.recovery import NRS_MAX, PAIN_FREE_DAYS, RMDQ_AGE_DAYS, RMDQ_MAX

PRESENT, FREE = "present pain", "without pain"
_BANDS = {"no_pain": "no pain", "recovered_like": "like recovered", "not_recovered": "not recovered"}


def tell_recovery(row: Row, evidence: Evidence) -> Told:
    """Explain the recovery band of a day and the days without pain up to it."""
    outcomes, on_date = evidence.settings.outcomes, row["on_date"]
    days = evidence.daily
    first = on_date - timedelta(days=outcomes.last_k_max_age_days - 1)
    recent = [day for day in days["date"] if first <= day <= on_date][-outcomes.last_k :]
    last_pain = max((day for day, pain in days.select("date", "pain_nprs").iter_rows() if day <= on_date and pain > 0),
                    default=None)  # fmt: skip

    def judge(day: date) -> tuple[str | None, str]:
        if day > on_date:
            return None, "after the day asked about"
        parts = [PRESENT] if day in recent else []
        parts += [FREE] if last_pain is None or day > last_pain else []
        return (" and ".join(parts) or None), "" if parts else "neither one of the last values nor without pain"

    readings = day_readings(days, judge) if evidence.has_data else []
    present = used(readings, PRESENT)
    readings += _rmdq_readings(row, evidence)
    pain_steps = [mean_step("Present pain", present)] if present and row["pain_nprs"] is not None else []
    said = f"no band, because {why(row)}" if row["band"] is None else _BANDS[row["band"]]
    return Told(
        sentence=f"Recovery on {day_text(on_date)}: {said}.",
        steps=[*pain_steps, *_band_steps(row), *_free_steps(row), *left_out_step(evidence)],
        value=row["band"],
        unit=UNIT,
        n=len(present) if evidence.has_data else None,
        window=(first, on_date),
        readings=readings,
        worked_out=_again(readings, present, evidence) if evidence.has_data else {},
        sources=("Kamper 2010, Eur Spine J 19:1495-1501 (NRS 0 and RMDQ <= 2; the edge of 1: project default)",
                 "Stanton 2009 and de Vet 2002 (a month without pain)"),
    )  # fmt: skip


def _rmdq_readings(row: Row, evidence: Evidence) -> list[Reading]:
    if not evidence.has_data:
        return []
    readings = []
    for form in evidence.scored.filter(instrument_id="rmdq24").iter_rows(named=True):
        age = (row["on_date"] - form["completed_date"]).days
        remark = "too old" if age >= RMDQ_AGE_DAYS else "after the day asked about" if age < 0 else "not the latest"
        if form["score"] is None:
            remark = f"no score: {why(form)}"
        part = "RMDQ-24" if form["completed_date"] == row["rmdq24_date"] and form["score"] is not None else None
        day = form["completed_date"]
        readings.append(Reading(day, "RMDQ-24 score", form["score"], form["score"], part, "" if part else remark))
    return readings


def _band_steps(row: Row) -> list[str]:
    pain, rmdq = row["pain_nprs"], row["rmdq24"]
    if rmdq is None:
        steps = [f"RMDQ-24: no score in the {RMDQ_AGE_DAYS} days up to the day."]
    else:
        steps = [f"RMDQ-24: {number_of(rmdq)} on {day_text(row['rmdq24_date'])}, the latest within {RMDQ_AGE_DAYS} days."]
    if pain is None:
        return steps
    steps.append(f"No pain: {number_of(pain, 2)} = 0: {yes(pain <= 0)}.")
    if rmdq is None:
        return [*steps, "Like recovered: cannot hold without a recent RMDQ-24."]
    both = pain <= NRS_MAX and rmdq <= RMDQ_MAX
    compared = f"{number_of(pain, 2)} <= {number_of(NRS_MAX)} and RMDQ-24 {number_of(rmdq)} <= {number_of(RMDQ_MAX)}"
    return [*steps, f"Like recovered: {compared}: {yes(both)}."]


def _free_steps(row: Row) -> list[str]:
    days, n = row["pain_free_days"], row["n_pain_free"]
    if not n:
        return ["Days without pain up to the last recorded one: none."]
    return [
        (
            f"Without pain since {day_text(row['pain_free_since'])}: {count_text(days, 'day')}, {n} of them recorded; an "
            f"episode needs {PAIN_FREE_DAYS} to be over: {yes(row['is_pain_free_month'])}."
        )
    ]


def _again(readings: list[Reading], present: list[float], evidence: Evidence) -> dict[str, Any]:
    free = [one.date for one in readings if FREE in (one.part or "").split(" and ") and one.date is not None]
    rmdq = used(readings, "RMDQ-24")
    pain = fmean(present) if len(present) == evidence.settings.outcomes.last_k else None
    band = None
    if pain is not None:
        is_like = pain <= NRS_MAX and bool(rmdq) and rmdq[-1] <= RMDQ_MAX
        band = "no_pain" if pain <= 0 else "recovered_like" if is_like else "not_recovered"
    return {
        "pain_nprs": pain,
        "rmdq24": rmdq[-1] if rmdq else None,
        "band": band,
        "n_pain_free": len(free),
        "pain_free_days": (free[-1] - free[0]).days + 1 if free else 0,
    }
