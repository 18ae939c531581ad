"""Supplies worked out the slow way: one patient, one day after the other, with a shelf of what is left.

An oracle for tests.

Whole days only. A supply is ``(day, duration)``; windows are half open.
"""

from fractions import Fraction


def shelf(supplies, until):
    """Say for each day from the first supply to ``until`` whether there was supply, and what each supply's interval used.

    Returns ``(covered days, left on each day's morning after that day's supplies)``.
    """
    covered, left_on = set(), {}
    left = 0
    for day in range(min(day for day, _ in supplies), until):
        left += sum(duration for at, duration in supplies if at == day)
        left_on[day] = left
        if left > 0:
            covered.add(day)
            left -= 1
    return covered, left_on


def ratio_of_each_day(supplies, until):
    """Return for each day the share of its interval (event to next event) that what was available at the event covers."""
    days = sorted({day for day, _ in supplies})
    ratios, left = {}, Fraction(0)
    for number, day in enumerate(days):
        following = days[number + 1] if number + 1 < len(days) else until
        available = left + sum(duration for at, duration in supplies if at == day)
        interval = following - day
        for each in range(day, following):
            ratios[each] = min(Fraction(1), Fraction(available) / interval)
        left = max(Fraction(0), available - interval)
    return ratios


def measures_by_hand(supplies, start, end, followup_end):
    """Return CMA1 to CMA9 and PDC of one patient; None where there is none."""
    supplies = sorted((day, duration) for day, duration in supplies if day < followup_end)
    inside = [(day, duration) for day, duration in supplies if start <= day < end]
    found = dict.fromkeys([*(f"cma{i}" for i in range(1, 10)), "pdc"])
    if inside:
        first, last = inside[0][0], inside[-1][0]
        covered, _ = shelf(inside, end)
        supply = sum(duration for _, duration in inside)
        found["cma2"] = Fraction(supply, end - first)
        found["cma4"] = min(Fraction(1), found["cma2"])
        found["cma6"] = Fraction(len(covered), end - first)
        if last > first:
            found["cma1"] = Fraction(supply - inside[-1][1], last - first)
            found["cma3"] = min(Fraction(1), found["cma1"])
            found["cma5"] = Fraction(sum(day < last for day in covered), last - first)
    covered, _ = shelf(supplies, followup_end)
    window = range(start, end)
    found["cma7"] = Fraction(sum(day in covered for day in window), end - start)
    before = [(day, duration) for day, duration in supplies if day < start]
    lag = 0
    if before:
        alone, _ = shelf(before, followup_end + sum(duration for _, duration in before))
        lag = sum(day >= start for day in alone if all(each in alone for each in range(start, day)))
    if start + lag < end:
        found["cma8"] = Fraction(sum(day in covered for day in range(start + lag, end)), end - start - lag)
    ratios = ratio_of_each_day(supplies, followup_end)
    found["cma9"] = sum((ratios.get(day, Fraction(0)) for day in window), Fraction(0)) / (end - start)
    plain = {each for day, duration in supplies for each in range(day, day + duration)}
    found["pdc"] = Fraction(sum(day in plain for day in window), end - start)
    return found
