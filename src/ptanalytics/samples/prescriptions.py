"""What the sample clinic prescribes: exercises and doses of the catalogue (clinical-methods 4.3), versions and pauses."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from ptanalytics.samples.people import EXPORT_DATE, Person

WALK_MINUTES = (12, 14, 16, 18, 20, 22, 25, 28, 30)


@dataclass(frozen=True)
class Dose:
    """One exercise as prescribed for one session: sets of repetitions or holds, or minutes."""

    exercise_id: str
    sets: int | None = None
    reps: int | None = None
    hold_s: int | None = None
    duration_min: int | None = None
    load_kg: float | None = None

    @property
    def volume(self) -> float:
        """Repetitions, seconds held, or minutes of one session."""
        if self.duration_min is not None:
            return float(self.duration_min)
        return float((self.sets or 0) * (self.reps or self.hold_s or 0))


def _reps(exercise_id: str, sets: int, reps: int, load_kg: float | None = None) -> Dose:
    return Dose(exercise_id, sets=sets, reps=reps, load_kg=load_kg)


def _hold(exercise_id: str, sets: int, hold_s: int, load_kg: float | None = None) -> Dose:
    return Dose(exercise_id, sets=sets, hold_s=hold_s, load_kg=load_kg)


def _minutes(exercise_id: str, duration_min: int) -> Dose:
    return Dose(exercise_id, duration_min=duration_min)


START_DOSES = {
    dose.exercise_id: dose
    for dose in (
        _reps("pelvic_tilt_supine", 2, 10),
        _reps("pelvic_tilt_sit", 2, 10),
        _reps("seated_cat_cow", 2, 10),
        _reps("cat_cow", 2, 10),
        _reps("quadruped_rock", 2, 10),
        _hold("childs_pose", 3, 30),
        _hold("single_knee_chest", 3, 20),
        _hold("double_knee_chest", 3, 20),
        _reps("lower_trunk_rotation", 2, 10),
        _reps("open_book", 2, 8),
        _hold("prone_on_elbows", 3, 30),
        _reps("prone_press_up", 2, 10),
        _reps("standing_extension", 2, 10),
        _hold("hamstring_supine", 3, 30),
        _hold("hamstring_long_sit", 3, 30),
        _hold("ab_brace", 10, 10),
        _reps("bent_knee_fallout", 2, 10),
        _reps("heel_slide", 2, 10),
        _reps("dead_bug_legs", 2, 8),
        _reps("dead_bug", 3, 8),
        _reps("bird_dog_leg", 2, 8),
        _reps("bird_dog", 3, 6),
        _reps("bird_dog_slow", 3, 6),
        _reps("curl_up", 3, 6),
        _hold("side_plank_knees", 3, 10),
        _hold("side_plank", 3, 15),
        _hold("front_plank_incline", 3, 15),
        _hold("front_plank_knees", 3, 20),
        _hold("front_plank", 3, 20),
        _reps("pallof_press", 3, 10),
        _reps("clamshell", 3, 12),
        _reps("hip_abduction_sl", 3, 12),
        _reps("glute_bridge", 3, 12),
        _reps("single_leg_bridge", 3, 8),
        _reps("sit_to_stand", 3, 10),
        _reps("goblet_squat", 3, 10, 6.0),
        _reps("hip_hinge_dowel", 2, 10),
        _reps("rdl", 3, 8, 8.0),
        _reps("band_row", 3, 12),
        _hold("suitcase_carry", 3, 30, 6.0),
        _minutes("walk_interval", 10),
        _minutes("walk", 12),
        _minutes("brisk_walk", 20),
        _minutes("cycle", 15),
        _minutes("elliptical", 10),
        _minutes("water_walk", 20),
    )
}
#: Ladder neighbours of the exercises used here (clinical-methods 4.3).
LADDERS = (
    ("pelvic_tilt_supine", "pelvic_tilt_sit", "seated_cat_cow", "cat_cow", "quadruped_rock", "childs_pose"),
    ("ab_brace", "bent_knee_fallout", "heel_slide", "dead_bug_legs", "dead_bug"),
    ("bird_dog_leg", "bird_dog", "bird_dog_slow"),
    ("front_plank_incline", "front_plank_knees", "front_plank"),
    ("side_plank_knees", "side_plank"),
    ("glute_bridge", "single_leg_bridge"),
    ("clamshell", "hip_abduction_sl"),
    ("sit_to_stand", "goblet_squat"),
    ("hip_hinge_dowel", "rdl"),
    ("single_knee_chest", "double_knee_chest"),
    ("lower_trunk_rotation", "open_book"),
    ("hamstring_supine", "hamstring_long_sit"),
    ("walk_interval", "walk"),
)
STARTING_PLANS = (
    ("cat_cow", "dead_bug_legs", "glute_bridge", "walk_interval"),
    ("single_knee_chest", "bird_dog_leg", "sit_to_stand", "walk"),
    ("prone_on_elbows", "front_plank_incline", "hip_hinge_dowel", "cycle"),
    ("lower_trunk_rotation", "ab_brace", "side_plank_knees", "clamshell", "walk"),
    ("hamstring_supine", "pallof_press", "band_row", "water_walk"),
    ("curl_up", "goblet_squat", "brisk_walk"),
    ("pelvic_tilt_supine", "heel_slide", "sit_to_stand", "walk_interval"),
    ("open_book", "bird_dog", "suitcase_carry", "elliptical"),
)
_ROLE_PLANS = {"daily_walker": ("childs_pose", "walk"), "twice_daily": ("prone_press_up", "standing_extension", "walk")}


@dataclass(frozen=True)
class Version:
    """One plan version of one person."""

    plan_version: int
    valid_from_date: date
    valid_to_date: date | None
    doses: tuple[Dose, ...]
    #: Sessions in seven days on any days; none where weekdays or sessions_per_day say it.
    sessions_per_week: int | None
    weekdays: str | None
    sessions_per_day: int | None
    pain_ceiling_nprs: int | None

    @property
    def weekly_sessions(self) -> int:
        """Sessions of a full week, however they are prescribed."""
        if self.sessions_per_week is not None:
            return self.sessions_per_week
        return len(self.weekdays.split(",")) if self.weekdays else 7 * (self.sessions_per_day or 1)


@dataclass(frozen=True)
class Pause:
    """One break from the plan."""

    from_date: date
    to_date: date | None
    kind: str
    is_excused: bool | None

    def covers(self, day: date) -> bool:
        """Say whether the break holds on a day."""
        return self.from_date <= day and (self.to_date is None or day <= self.to_date)


def plan_versions(person: Person, seed: int) -> list[Version]:
    """Return the plan versions signed before the export, first to last."""
    rng = person.generator(seed, 1)
    version = _first_version(person, rng)
    versions = [version]
    for day, direction in person.role.plan_changes:
        changed_on = person.start_date + timedelta(days=day + int(rng.integers(0, 4)))
        if changed_on > min(person.last_date, EXPORT_DATE):
            break
        version = _changed(version, changed_on, direction, rng)
        versions.append(version)
    return [replace(v, valid_to_date=person.plan_end_date if v is versions[-1] else None) for v in versions]


def _first_version(person: Person, rng: np.random.Generator) -> Version:
    names = _ROLE_PLANS.get(person.role.name) or STARTING_PLANS[int(rng.integers(0, len(STARTING_PLANS)))]
    per_week: int | None = int(rng.choice([3, 4, 5], p=[0.6, 0.25, 0.15]))
    weekdays, per_day = None, None
    if person.role.name == "over_doer":
        per_week = 3
    elif person.role.name == "fixed_weekdays":
        per_week, weekdays = None, str(rng.choice(["mon,wed,fri", "tue,thu,sat"]))
    elif person.role.name in ("daily_walker", "twice_daily"):
        per_week, per_day = None, 2 if person.role.name == "twice_daily" else 1
    ceiling = [None, 4, 5][int(rng.choice(3, p=[0.15, 0.15, 0.7]))]
    doses = tuple(START_DOSES[name] for name in names)
    return Version(1, person.start_date, None, doses, per_week, weekdays, per_day, ceiling)


def _changed(version: Version, changed_on: date, direction: int, rng: np.random.Generator) -> Version:
    """Return the next version: one exercise a step harder or easier, sometimes a session a week more or less."""
    step = harder if direction > 0 else easier
    movable = [at for at, dose in enumerate(version.doses) if step(dose) != dose]
    at = movable[int(rng.integers(0, len(movable)))]
    doses = list(version.doses)
    doses[at] = step(doses[at])
    per_week = version.sessions_per_week
    if per_week is not None and rng.random() < 0.4:
        per_week = min(5, per_week + 1) if direction > 0 else max(2, per_week - 1)
    return replace(
        version,
        plan_version=version.plan_version + 1,
        valid_from_date=changed_on,
        doses=tuple(doses),
        sessions_per_week=per_week,
    )


def harder(dose: Dose) -> Dose:
    """Return the next step up: two more repetitions, five more seconds or the next walk, then the next exercise."""
    if dose.duration_min is not None:
        longer = [minutes for minutes in WALK_MINUTES if minutes > dose.duration_min]
        return replace(dose, duration_min=longer[0] if longer else dose.duration_min)
    start = START_DOSES[dose.exercise_id]
    if dose.reps is not None and dose.reps < min(15, (start.reps or 0) + 4):
        return replace(dose, reps=min(15, dose.reps + 2))
    if dose.hold_s is not None and dose.hold_s < 30:
        return replace(dose, hold_s=dose.hold_s + 5)
    name = _neighbour(dose.exercise_id, 1)
    return dose if name == dose.exercise_id else START_DOSES[name]


def easier(dose: Dose) -> Dose:
    """Return one step down: the easier exercise where there is one, else about a quarter less."""
    name = _neighbour(dose.exercise_id, -1)
    if name != dose.exercise_id:
        return START_DOSES[name]
    if dose.duration_min is not None:
        return replace(dose, duration_min=max(5, round(dose.duration_min * 0.75)))
    if dose.reps is not None:
        return replace(dose, reps=max(4, dose.reps - 2))
    return replace(dose, hold_s=max(5, (dose.hold_s or 10) - 5))


def _neighbour(exercise_id: str, step: int) -> str:
    for ladder in LADDERS:
        if exercise_id in ladder:
            return ladder[min(max(ladder.index(exercise_id) + step, 0), len(ladder) - 1)]
    return exercise_id


def pauses(person: Person, seed: int) -> list[Pause]:
    """Return the breaks of one person."""
    rng = person.generator(seed, 2)
    first = person.start_date + timedelta(days=int(rng.integers(20, 32)))
    chance = float(rng.random())
    flagged = person.start_date + timedelta(days=30)
    is_excused_holiday = False if person.start_date.month >= 3 else None  # some exports do not say
    hold = Pause(first, first + timedelta(days=8), "clinician_hold", is_excused=True)
    if person.is_ongoing:
        hold = Pause(EXPORT_DATE - timedelta(days=4), None, "clinician_hold", is_excused=None)
    of_role = {
        "clinician_hold": [hold],
        "holiday": [Pause(first, first + timedelta(days=9), "holiday", is_excused=is_excused_holiday)],
        "red_flag_resolved": [Pause(flagged, flagged + timedelta(days=6), "clinician_hold", is_excused=True)],
        "flare": [Pause(first, first + timedelta(days=3), "illness", is_excused=True)] if chance < 0.6 else [],
        "steady_improver": [Pause(first, first + timedelta(days=1), "data_gap", is_excused=None)] if chance < 0.15 else [],
    }
    return of_role.get(person.role.name, [])
