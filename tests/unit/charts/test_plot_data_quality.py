"""What the charts of data quality draw, what they say in words, and that text from files stays text."""

import datetime as dt

import polars as pl
import pytest

import ptanalytics as pta
from ptanalytics.charts import text_summary
from ptanalytics.errors import InvalidTableError
from ptanalytics.schemas.quality_results import (
    CheckResults,
    CheckResultsByMonth,
    CheckResultsBySite,
    Missingness,
    MissingnessByMonth,
    MissingnessBySite,
)


def missing(table, column, n_rows, n_missing, means=None):
    return {
        "table": table, "column": column, "n_rows": n_rows, "n_missing": n_missing,
        "missing_pct": 100 * n_missing / n_rows if n_rows else None, "is_recorded": n_missing < n_rows,
        "missing_means": means,
    }  # fmt: skip


def rule(rule_id, severity, n_checked, n_found, sentence="a sentence"):
    status = "not_applicable" if not n_checked else "found" if n_found else "passed"
    return {
        "rule_id": rule_id, "sentence": sentence, "severity": severity, "category": "plausibility", "table": "sessions",
        "counts": "rows", "n_checked": n_checked, "n_found": n_found, "status": status, "source": "here",
        "share_pct": 100 * n_found / n_checked if n_checked else None,
    }  # fmt: skip


@pytest.fixture
def rules(make):
    rows = [rule("a_note", "note", 10, 9), rule("an_error", "error", 1000, 2), rule("fine", "warning", 5, 0),
            rule("idle", "warning", 0, 0)]  # fmt: skip
    return make.table(CheckResults, rows)


def labels(figure):
    return list(figure.layout.yaxis.ticktext)


def notes(figure):
    return figure.layout.meta["notes"]


def test_the_words_beside_a_bar_have_room(make):
    long = "any day of the week that suits the person and the plan"

    figure = pta.plot_missingness(make.table(Missingness, [missing("plans", "weekdays", 100, 97, long)]))

    assert figure.layout.xaxis.range[1] > 97 + 1.5 * len(figure.data[0].text[0])


def test_one_row_is_one_row(make):
    figure = pta.plot_missingness(make.table(Missingness, [missing("flags", "resolved_at", 2, 1)]))

    assert figure.data[0].text[0] == "50 % (1 row)"


def test_columns_are_drawn_most_missing_first_with_what_a_missing_value_means(make):
    rows = [missing("plans", "valid_to_date", 10, 8, "open-ended"), missing("sessions", "rpe", 200, 20),
            missing("sessions", "sets", 200, 0), missing("sessions", "hold_s", 200, 200)]  # fmt: skip

    figure = pta.plot_missingness(make.table(Missingness, rows))

    assert labels(figure) == ["plans: valid_to_date", "sessions: rpe"]
    assert list(figure.data[0].x) == [80.0, 10.0]
    assert figure.data[0].text[0] == "80 % (8 rows); missing means open-ended"
    assert "1 more have no missing value" in notes(figure)
    assert "In no export: sessions hold_s." in notes(figure)
    assert "most valid_to_date of plans with 80 %" in text_summary(figure)


def test_nothing_missing_is_said_in_words(make):
    figure = pta.plot_missingness(make.table(Missingness, [missing("sessions", "sets", 3, 0)]))

    assert not figure.data
    assert "No value is missing" in text_summary(figure)


def test_a_month_without_rows_is_a_gap_and_not_a_zero(make):
    rows = [
        {"table": "sessions", "column": "rpe", "month_date": dt.date(2026, month, 1), "n_rows": 4, "n_missing": n,
         "missing_pct": 25.0 * n} for month, n in ((1, 0), (3, 2))
    ]  # fmt: skip

    figure = pta.plot_missingness(make.table(MissingnessByMonth, rows))

    assert list(figure.layout.xaxis.ticktext) == ["Jan<br>2026", "Feb<br>2026", "Mar<br>2026"]
    assert [list(row) for row in figure.data[0].z] == [[0.0, None, 50.0]]
    assert [list(row) for row in figure.data[0].text] == [["0", "", "50"]]


def test_a_slipped_year_does_not_make_a_thousand_months(make):
    rows = [
        {"table": "sessions", "column": "rpe", "month_date": dt.date(year, 1, 1), "n_rows": 4, "n_missing": n,
         "missing_pct": 25.0 * n} for year, n in ((1926, 1), (2026, 0))
    ]  # fmt: skip

    assert len(pta.plot_missingness(make.table(MissingnessByMonth, rows)).layout.xaxis.ticktext) == 2


def test_sites_are_escaped_and_those_not_known_come_last(make):
    rows = [
        {"table": "sessions", "column": "rpe", "site": site, "n_rows": 4, "n_missing": n, "missing_pct": 25.0 * n}
        for site, n in ((None, 1), (make.hostile, 2))
    ]

    figure = pta.plot_missingness(make.table(MissingnessBySite, rows))

    assert "<img" not in figure.to_json()
    assert figure.layout.xaxis.ticktext[-1] == "not<br>known"


def test_problems_are_drawn_errors_first_with_a_pattern_each(rules):
    figure = pta.plot_data_problems(rules)

    assert [trace.name for trace in figure.data] == ["error", "note"]
    assert [list(trace.x) for trace in figure.data] == [[2], [9]]
    assert [trace.marker.pattern.shape for trace in figure.data] == ["x", ""]
    assert figure.data[0].text[0] == "2 of 1,000 rows (0.2 %)"


def test_a_rule_with_nothing_to_look_at_is_not_called_a_pass(rules):
    assert "1 rule found nothing; 1 could not be judged (nothing to look at), which is not a pass." in notes(
        pta.plot_data_problems(rules)
    )


def test_no_problem_is_said_in_words_and_still_counts_what_was_not_judged(rules):
    figure = pta.plot_data_problems(rules.filter(pl.col("status") != "found"))

    assert not figure.data
    assert "1 could not be judged" in text_summary(figure)


def test_many_errors_do_not_crowd_out_a_warning(make):
    rows = [rule(f"error_{n:02}", "error", 100, 50 - n) for n in range(40)] + [rule("one", "warning", 100, 1)]

    figure = pta.plot_data_problems(make.table(CheckResults, rows))

    assert [len(trace.x) for trace in figure.data] == [10, 1]
    assert "and 30 more in the table" in notes(figure)


def test_hostile_sentences_are_escaped(make):
    figure = pta.plot_data_problems(make.table(CheckResults, [rule("a", "error", 3, 1, make.hostile)]))

    assert "<img" not in figure.to_json()


def test_problems_by_month_and_site(make):
    row = {"rule_id": "near_duplicate", "severity": "warning", "table": "sessions", "n_checked": 9}
    months = [{**row, "month_date": dt.date(2026, m, 1), "n_found": n, "share_pct": n / 9} for m, n in ((1, 0), (2, 4))]
    sites = [{**row, "site": site, "n_found": n, "share_pct": n / 9} for site, n in (("north", 4), ("south", 0))]

    by_month = pta.plot_data_problems(make.table(CheckResultsByMonth, months))
    by_site = pta.plot_data_problems(make.table(CheckResultsBySite, sites))

    assert labels(by_month) == ["warning: near duplicate"]
    assert [list(r) for r in by_month.data[0].text] == [["0", "4"]]
    assert list(by_site.layout.xaxis.ticktext) == ["north", "south"]
    assert "over 2 months; most near_duplicate with 4" in text_summary(by_month)
    assert "set aside on import are not here" in notes(by_site)


def test_another_table_is_refused():
    with pytest.raises(InvalidTableError, match="rules_by_month"):
        pta.plot_data_problems(pl.DataFrame({"x": [1]}))
