"""Responders with Wilson intervals, completers and all starters side by side, and the responder curve."""

from typing import Any

import polars as pl

from ptanalytics.charts import nothing_to_draw, plot_responder_curve
from ptanalytics.charts.embed import with_height
from ptanalytics.charts.wording import listed, number_text, short_number
from ptanalytics.instruments import measure as measure_of
from ptanalytics.privacy import is_small
from ptanalytics.reports.content import Block, Figure, Heading, Paragraph, Table
from ptanalytics.reports.disclosure import NOT_SHOWN
from ptanalytics.reports.facts import OutcomeFacts

_CURVE_PX = 350
RULES = ("absolute", "percent", "both")


def responder_section(facts: OutcomeFacts) -> list[Block]:
    """Return shares by rule, who is in the denominators, and a curve per measure that allows a percent rule."""
    if not facts.measures:
        return []
    curves = [
        Figure(_curve(facts, name), f"Responder curve, {measure_of(name).label}. Points of few patients are left out.")
        for name in facts.measures
        if measure_of(name).allows_percent
    ]
    return [
        Heading(f"Responders at week {facts.week}"),
        _responders(facts),
        Paragraph(
            "A responder changed by at least the minimal important change (MIC), by the percentage of baseline, "
            "or both. For "
            "several scales the MIC is smaller than the change one person's score can show by measurement error alone "
            "(MDC95), so a responder may still be within that error: see Methods."
        ),
        _denominators(facts),
        *curves,
    ]


def _responders(facts: OutcomeFacts) -> Table:
    rows = [
        (measure_of(name).label, _rule_words(facts, name, rule), *share_cells(facts, name, rule))
        for name in facts.measures
        for rule in RULES
        if facts.by_population(name, rule)
    ]
    hidden = [measure_of(name).label for name in facts.measures if facts.hides_completers(name)]
    limit = facts.disclosure.threshold
    note = f" Completers of {listed(hidden)} are not shown: they would tell of fewer than {limit} patients."
    return Table(
        f"Responders at week {facts.week}: responders / patients (share); 95 % Wilson interval",
        ("Measure", "Rule", "Completers", "All starters"),
        tuple(rows),
        note="Completers have a baseline, room to improve and a follow-up. All starters have a baseline, room to improve, "
        "and their follow-up is due; no follow-up counts as no response. Every rule, and the curve, is about the "
        "same patients." + (note if hidden else ""),
        text_columns=(0, 1),
    )


def _rule_words(facts: OutcomeFacts, name: str, rule: str) -> str:
    mic = facts.changes.filter(pl.col("measure") == name)["mic"].drop_nulls().to_list()
    limit = f"MIC {short_number(mic[0])}" if mic else "no MIC"
    percent = f"{number_text(facts.settings.outcomes.responder_pct, 0)} %"
    words = {"absolute": limit, "percent": percent, "both": f"{limit} and {percent}"}[rule]
    return words + (" (headline)" if rule == facts.headline_rule(name) else "")


def share_cells(facts: OutcomeFacts, name: str, rule: str) -> tuple[str, str]:
    """Return the shares of completers and of all starters as they may be shown.

    Three counts exclude each other: responders, others with a follow-up, patients without one. Where few respond, or few
    do not, neither share is shown. Where the number of completers must stay hidden, only the share of all starters is.
    """
    shares = facts.by_population(name, rule)
    completers, starters = shares["completers"], shares["all_starters"]
    k = starters["responders"]
    hides_completers = facts.hides_completers(name)
    apart = [k, starters["n"] - k, starters["n"]]
    if not hides_completers:
        apart.append(completers["n"] - k)
    hides_all = any(is_small(count, facts.disclosure.threshold) for count in apart)
    return (
        _share(facts, completers, is_hidden=hides_all or hides_completers),
        _share(facts, starters, is_hidden=hides_all),
    )


def _share(facts: OutcomeFacts, row: dict[str, Any], *, is_hidden: bool) -> str:
    if is_hidden:
        return NOT_SHOWN
    return facts.disclosure.share(row["responders"], row["n"], (row["lower_pct"], row["upper_pct"]))


def _denominators(facts: OutcomeFacts) -> Table:
    rows = []
    for name in facts.measures:
        # The headline rule's denominators: a percent rule alone would also take patients without room to improve.
        is_row = (pl.col("measure") == name) & (pl.col("population") == "all_starters")
        own = facts.shares.filter(is_row & (pl.col("rule") == facts.headline_rule(name)))
        if own.is_empty():
            continue
        row = own.row(0, named=True)
        outside = [row["n_no_baseline"], row["n_no_room"], row["n_not_due"]]
        shown = facts.disclosure.row(outside)
        # The denominator stands beside the shares; with few patients outside it, the total would give them away.
        is_total_hidden = is_small(sum(outside), facts.disclosure.threshold)
        rows.append(
            (
                measure_of(name).label,
                NOT_SHOWN if is_total_hidden else facts.disclosure.single(row["n_starters"]),
                *(facts.disclosure.words(n, visible) for n, visible in zip(outside, shown, strict=True)),
                facts.disclosure.single(row["n"]),
                facts.disclosure.words(
                    row["n_no_followup"], None if facts.hides_completers(name) else row["n_no_followup"]
                ),
            )
        )
    return Table(
        "Who is in the denominators",
        ("Measure", "With a start", "No baseline", "No room to improve", "Not due yet", "All starters", "No follow-up"),
        tuple(rows),
        note="All starters = with a start, less no baseline, no room to improve (the baseline is closer to the best value "
        "than the MIC) and not due yet. Completers = all starters less no follow-up.",
    )


def _curve(facts: OutcomeFacts, name: str) -> Any:
    """The curve without points that would show few patients; such a point is a gap."""
    limit = facts.disclosure.threshold
    own = pl.col("measure") == name
    populations = ["all_starters"] if facts.hides_completers(name) else ["all_starters", "completers"]
    rows = facts.curve.filter(own & pl.col("population").is_in(populations))
    shares = facts.rule_shares.filter(own & pl.col("population").is_in(populations) & (pl.col("rule") == "percent"))
    # A point is shown for both populations or for none: together they tell who had no follow-up.
    k, n = pl.col("responders"), pl.col("n")
    is_small_point = k.is_between(1, limit - 1) | (n - k).is_between(1, limit - 1) | (n < limit)
    shown = rows.with_columns(pl.when(~is_small_point.any().over("threshold_pct")).then(pl.col("responders", "share_pct")))
    shares = shares.filter(~is_small_point.any())
    if shown["share_pct"].null_count() == len(shown):
        missing = f"no point of the curve can be shown without groups of fewer than {limit} patients"
        return nothing_to_draw(f"{measure_of(name).label}: responder curve", f"There is no curve: {missing}.")
    curve = plot_responder_curve(shown, shares=shares, measure=name, target_week=facts.week, settings=facts.settings)
    return with_height(curve, _CURVE_PX)
