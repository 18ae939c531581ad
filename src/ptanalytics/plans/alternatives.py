"""What would have to be different for another outcome: the two nearest alternatives of a suggestion."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ptanalytics.plans.rules import Condition, DecisionTable, Rule, Values
from ptanalytics.settings import TuningSettings

#: Just beyond a strict threshold; larger than the tolerance of comparisons.
_BEYOND = 1e-6


@dataclass(frozen=True)
class _Candidate:
    outcome: str
    conditions: tuple[str, ...]
    distance: float
    sentence: str


def nearest_alternatives(
    table: DecisionTable, rule: Rule, values: Values, tuning: TuningSettings, *, how_many: int = 2
) -> tuple[str, ...]:
    """Name the outcomes that the fewest and smallest changes of the inputs would lead to.

    Every unmet condition is tried alone, and all unmet conditions of each rule together: the inputs are set to just
    meet them and the whole table is evaluated again. Near is: fewest conditions, then smallest relative distance to the
    threshold. The nearest outcome that asks for more and the nearest that asks for less come first, so that a HOLD says
    both what would allow a step and what would ease; then the next nearest. One sentence for each other outcome.
    Recording a red flag is not offered as an alternative.

    Args:
        table: The decision table.
        rule: The rule that fired.
        values: The inputs it fired on.
        tuning: Thresholds.
        how_many: How many to name.

    Returns:
        Sentences such as ``would be CONSIDER_PROGRESS if RPE ≤ 5``; fewer where no other outcome is in reach.
    """
    best: dict[str, _Candidate] = {}
    for conditions in _candidates(table, values, tuning):
        changed = _met(table, conditions, values, tuning)
        outcome = table.first_match(changed, tuning).outcome
        if outcome in (rule.outcome, "REVIEW_FLAG"):
            continue
        candidate = _candidate(table, outcome, conditions, values, tuning)
        known = best.get(outcome)
        if known is None or _rank(candidate) < _rank(known):
            best[outcome] = candidate
    return tuple(candidate.sentence for candidate in _one_each_way(sorted(best.values(), key=_rank), rule)[:how_many])


def _one_each_way(nearest_first: list[_Candidate], rule: Rule) -> list[_Candidate]:
    own = _demand(rule.outcome)
    more = [candidate for candidate in nearest_first if _demand(candidate.outcome) > own]
    less = [candidate for candidate in nearest_first if _demand(candidate.outcome) < own]
    first = [*more[:1], *less[:1]]
    return [*first, *(candidate for candidate in nearest_first if candidate not in first)]


def _demand(outcome: str) -> int:
    """Order outcomes by what they ask of the body: ease, stay, step up."""
    return {"CONSIDER_REGRESS": -1, "CONSIDER_PROGRESS": 1}.get(outcome, 0)


def _candidates(table: DecisionTable, values: Values, tuning: TuningSettings) -> Iterable[tuple[str, ...]]:
    unmet = {
        name
        for name, condition in table.condition.items()
        if condition.test != "missing" and not condition.holds(values, tuning)
    }
    offered = [name for name in table.condition if name in unmet and not _records_flag(table.condition[name])]
    yield from ((name,) for name in offered)
    for rule in table.rule:
        together = tuple(name for name in rule.all_of if name in unmet)
        if len(together) > 1:
            yield together


def _records_flag(condition: Condition) -> bool:
    return condition.input == "red_flag" and condition.test == "true"


def _met(table: DecisionTable, names: Iterable[str], values: Values, tuning: TuningSettings) -> Values:
    changed = dict(values)
    for name in names:
        condition = table.condition[name]
        changed[condition.input] = _just_met(condition, tuning)
    return changed


def _just_met(condition: Condition, tuning: TuningSettings) -> float | bool:
    if condition.test in {"true", "false"}:
        return condition.test == "true"
    limit = condition.threshold(tuning) or 0.0
    return limit + {">": _BEYOND, "<": -_BEYOND}.get(condition.test, 0.0)


def _candidate(
    table: DecisionTable, outcome: str, names: tuple[str, ...], values: Values, tuning: TuningSettings
) -> _Candidate:
    distance = sum(_distance(table.condition[name], values, tuning) for name in names)
    reasons = " and ".join(_words(table.condition[name], tuning) for name in names)
    return _Candidate(outcome, names, distance, f"would be {outcome} if {reasons}")


def _distance(condition: Condition, values: Values, tuning: TuningSettings) -> float:
    found, limit = values.get(condition.input), condition.threshold(tuning)
    if found is None or limit is None:
        return 1.0
    return abs(float(found) - limit) / max(abs(limit), 1.0)


def _rank(candidate: _Candidate) -> tuple[int, float, str]:
    return len(candidate.conditions), candidate.distance, candidate.sentence


def _words(condition: Condition, tuning: TuningSettings) -> str:
    limit = condition.threshold(tuning)
    numbers: Mapping[str, str] = {} if limit is None else {"threshold": f"{limit:g}", "threshold_pct": f"{100 * limit:g}"}
    return condition.words.format(**numbers)
