"""The parts the people of the sample clinic play: how much they do, log and gain."""

from dataclasses import dataclass
from typing import Literal

#: ``settling``: most of it early. ``linear``: evenly. ``after_change``: once the plan was changed for the first time.
#: ``relapse``: early, and most of it lost again in the last weeks.
Course = Literal["settling", "linear", "after_change", "relapse"]


@dataclass(frozen=True)
class Role:
    """One kind of course through twelve weeks of home exercise."""

    name: str
    #: How many people of the clinic play it.
    n_people: int
    #: Chance that a prescribed session is done in the first week, and what it loses with each week.
    adherence: float = 0.88
    fading: float = 0.014
    #: Points of pain lost at the best of the programme, and how far people of the role lie apart in it.
    pain_gain: float = 3.0
    gain_spread: float = 0.7
    #: How the gain comes, see `Course`.
    course: Course = "settling"
    #: Chance that a day has a pain entry.
    pain_logging: float = 0.85
    #: Sessions a week beyond the prescription.
    extra_sessions: int = 0
    #: First and last plan day on which the person may stop; none: stays.
    stops_between: tuple[int, int] | None = None
    #: Plan days on which the plan changes, and the direction (1 harder, -1 easier).
    plan_changes: tuple[tuple[int, int], ...] = ()
    #: Typical share of an exercise that is done.
    completion: float = 0.97
    #: How many flares, each of some days, two to four points above the usual.
    n_flares: int = 0
    #: Pain before the plan starts: lowest and highest of the role.
    pain_before: tuple[float, float] = (4.6, 7.8)
    #: Days in which about two thirds of the gain come.
    settling_days: float = 30.0
    #: Points that exercise adds to the pain, and the effort (0 to 10) of the first weeks.
    strain: float = 0.5
    effort: float = 4.6
    #: How many of the role's people are still in their twelve weeks when the export is made.
    n_ongoing: int = 0


ROLES = (
    Role(
        "ready_to_progress",
        2,
        adherence=1.1,
        pain_logging=0.95,
        pain_before=(4.0, 5.2),
        pain_gain=4.0,
        settling_days=9.0,
        strain=0.1,
        effort=3.4,
        completion=1.0,
        plan_changes=((14, 1),),
        n_ongoing=2,
    ),
    Role("steady_improver", 5, plan_changes=((28, 1), (56, 1)), pain_gain=3.6, n_ongoing=1),
    Role("non_responder", 2, adherence=0.92, pain_gain=0.1, gain_spread=0.3),
    Role(
        "late_improver",
        4,
        plan_changes=((50, -1),),
        pain_gain=4.4,
        gain_spread=0.4,
        course="after_change",
        settling_days=22.0,
        pain_before=(5.4, 7.8),
    ),
    Role("relapse", 2, fading=0.07, pain_gain=3.8, gain_spread=0.4, course="relapse", settling_days=14.0),
    Role("slow_improver", 4, adherence=0.72, pain_gain=1.4, plan_changes=((42, 1),), n_ongoing=1),
    Role("drop_out", 5, adherence=0.62, pain_gain=0.8, stops_between=(16, 45)),
    Role("silent_drop_out", 4, adherence=0.6, pain_gain=0.5, stops_between=(10, 50), n_ongoing=1),
    Role("flare", 4, pain_gain=2.4, n_flares=2, n_ongoing=1),
    Role("non_logger", 3, adherence=0.22, pain_logging=0.1, pain_gain=2.5),
    Role(
        "over_doer",
        4,
        adherence=1.0,
        extra_sessions=2,
        pain_gain=1.8,
        n_flares=1,
        strain=1.2,
        effort=5.8,
        completion=1.1,
        n_ongoing=1,
    ),
    Role(
        "progression",
        4,
        pain_gain=4.8,
        pain_before=(5.4, 7.8),
        course="linear",
        plan_changes=((17, 1), (37, 1), (60, 1)),
        n_ongoing=1,
    ),
    Role(
        "regression", 2, adherence=0.8, pain_gain=2.2, course="after_change", plan_changes=((24, -1), (59, 1)), n_flares=1
    ),
    Role("clinician_hold", 2, pain_gain=2.4, n_ongoing=1),
    Role("holiday", 2, pain_gain=2.8),
    Role("red_flag_open", 1, adherence=0.75, pain_gain=-1.6, course="linear", pain_before=(4.6, 5.8), n_ongoing=1),
    Role("red_flag_resolved", 1, pain_gain=2.2),
    Role("not_initiated", 1, adherence=0.0, pain_gain=0.2, pain_logging=0.25, n_ongoing=1),
    Role("fixed_weekdays", 2, pain_gain=3.0, plan_changes=((45, 1),)),
    Role("daily_walker", 2, adherence=0.9, pain_gain=2.8),
    Role("partial_completer", 2, adherence=0.85, completion=0.8, pain_gain=1.2, n_ongoing=1),
    Role("no_followup", 1, pain_gain=2.6),
    Role("twice_daily", 1, adherence=0.82, pain_gain=3.2),
)
