"""A clinic in which every patient has another trouble: tables for the tests of bad input."""

import polars as pl

from outcome_frames import at, form, people, plans, ratings, sessions

DAYS = range(-7, 85)
ODI = {f"odi_{i}": 2 for i in range(1, 11)}
TROUBLES = (
    "one reading",
    "constant",
    "all blank",
    "no baseline",
    "out of range",
    "twice a day",
    "several recalls",
    "several versions",
    "two instruments",
    "before the start",
)


def tables() -> dict[str, pl.DataFrame]:
    """Return the clinic's tables; a patient's id is its trouble."""
    return {
        "patients": people(*TROUBLES),
        "plans": plans(*TROUBLES),
        "sessions": pl.concat([sessions(1, 3, 8, patient=name) for name in TROUBLES]),
        "pain_scores": pl.concat(_ratings(), how="diagonal"),
        "responses": pl.concat(_forms()),
    }


def _ratings() -> list[pl.DataFrame]:
    falling = {day: max(0, 7 - day // 14) for day in DAYS}
    return [
        ratings({0: 5}, patient="one reading"),
        ratings(dict.fromkeys(DAYS, 5), patient="constant"),
        ratings({day: 5 + day % 2 for day in DAYS if day > 10}, patient="no baseline"),
        ratings({(day, hour): value for day, value in falling.items() for hour in (8, 20)}, patient="twice a day"),
        *(
            ratings(
                {(day, hour): value + shift for day, value in falling.items()}, patient="several recalls", recall=recall
            )
            for recall, hour, shift in (("avg_24h", 8, 0), ("worst_24h", 12, 2), ("current", 20, 1))
        ),
        ratings({day - 700: 5 for day in DAYS}, patient="before the start"),
    ]


def _forms() -> list[pl.DataFrame]:
    def twice(patient: str, first: dict[str, float | None], second: dict[str, float | None]) -> pl.DataFrame:
        days = ((0, "A", first), (84, "B", second))
        return pl.concat([form("odi", a, patient=patient, response=r, completed_at=at(d, 9)) for d, r, a in days])

    changed = {"odi_1": 0}
    return [
        form("odi", ODI, patient="one reading"),
        twice("constant", ODI, ODI),
        twice("all blank", dict.fromkeys(ODI), dict.fromkeys(ODI)),
        form("odi", ODI, patient="no baseline", completed_at=at(84, 9)),
        twice("out of range", ODI, ODI | {"odi_1": 9}),
        twice("twice a day", ODI, ODI),
        form("odi", ODI | changed, patient="twice a day", response="C", completed_at=at(84, 20)),
        form("odi", ODI, patient="several versions", response="A"),
        form("odi_v1", {"odi_v1_1": 1}, patient="several versions", response="B", completed_at=at(84, 9)),
        twice("two instruments", ODI, ODI | {"pcs_1": 1}),
        form("odi", ODI, patient="before the start", completed_at=at(-700, 9)),
    ]
