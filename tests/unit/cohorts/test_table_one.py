"""Table 1: what each row says, how it is rounded, and what may be shown outside."""

from datetime import date

import polars as pl
import pytest

from ptanalytics import create_study, table_one, table_one_report
from ptanalytics.errors import InvalidTableError, OutputError

START = date(2026, 3, 2)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """40 people: sex 30 to 10, two sites of 25 and 15, one without age; everybody enrolled on one day."""
    n = 40
    people = pl.DataFrame({
        "patient_id": [f"P{i:02}" for i in range(n)],
        "enrolled_date": START,
        "onset_date": [date(2026, 2, 9), date(2026, 2, 2), date(2025, 12, 8), date(2025, 12, 7)] * 10,
        "birth_year": [None] + [1976 + i % 3 for i in range(1, n)],
        "sex": ["female"] * 30 + ["male"] * 10,
        "site": ["=North<b>"] * 25 + ["South"] * 15,
    })  # fmt: skip
    scores = pl.DataFrame({
        "patient_id": people["patient_id"], "instrument_id": "odi", "completed_date": START,
        "score": [20.0 + i for i in range(39)] + [400.0 / 4],
    })  # fmt: skip
    made = create_study(tmp_path_factory.mktemp("t1") / "clinic.study", timezone="Europe/London")
    made.append_rows("patients", people, origin="test")
    made.append_rows("scores", scores, origin="test")
    return made


def cells(table, variable):
    rows = table[table["variable"] == variable]
    return {(row["level"] if isinstance(row["level"], str) else row["statistic"], row["group"]): row["cell"]
            for _, row in rows.iterrows()}  # fmt: skip


def test_a_category_is_a_count_of_those_recorded_with_whole_percent_below_100(study):
    assert cells(table_one(study), "Sex") == {("female", "All"): "30/40 (75 %)", ("male", "All"): "10/40 (25 %)"}


def test_missing_is_a_line_of_its_own(study):
    found = cells(table_one(study), "Age at start, years")
    assert found["missing", "All"] == "1"
    assert found["mean (SD)", "All"] == "49.0 (0.8)"


def test_duration_of_symptoms_has_its_limits_at_4_and_12_weeks(study):
    """21 days, 28, 84 and 85 before the start."""
    found = cells(table_one(study), "Duration of symptoms")
    assert found == {("under 4 weeks", "All"): "10/40 (25 %)", ("4 to 12 weeks", "All"): "20/40 (50 %)",
                     ("over 12 weeks", "All"): "10/40 (25 %)"}  # fmt: skip


def test_skewed_numbers_have_a_median(tmp_path):
    made = create_study(tmp_path / "skewed.study", timezone="Europe/London")
    ids = [f"P{i}" for i in range(10)]
    made.append_rows("patients", pl.DataFrame({"patient_id": ids, "enrolled_date": START}), origin="test")
    scores = pl.DataFrame(
        {"patient_id": ids, "instrument_id": "odi", "completed_date": START, "score": [10.0] * 8 + [12, 90]}
    )
    made.append_rows("scores", scores, origin="test")
    found = cells(table_one(made), "Oswestry Disability Index at baseline")
    assert found["median (Q1-Q3)", "All"] == "10.0 (10.0-10.0)"


def test_groups_have_a_standardised_difference_and_no_p_value(study):
    table = table_one(study, by="site")
    sex = table[table["variable"] == "Sex"]["smd"].iloc[0]
    p, q = 25 / 25, 5 / 15  # share of women at each site
    assert sex == pytest.approx(abs(p - q) / ((p * (1 - p) + q * (1 - q)) / 2) ** 0.5)
    assert not any("p_value" in column for column in table.columns)


def test_the_column_split_by_is_not_described_again(study):
    assert "Site" not in set(table_one(study, by="site")["variable"])


def test_below_ten_there_is_no_percentage(study):
    few = pl.DataFrame({"patient_id": [f"P{i:02}" for i in range(40)], "group": ["few"] * 8 + ["many"] * 32})
    assert cells(table_one(study, few), "Sex")["female", "few"] == "8/8"


def test_small_counts_are_hidden_and_cannot_be_worked_out(study):
    table = table_one(study, by="site", suppress_below=11)
    counts = table[(table["variable"] == "Sex")]
    assert set(counts["cell"]) == {"not shown"}  # 30 and 10 of 40: one small cell takes the other with it
    assert cells(table, "Age at start, years")["missing", "All"] == "not shown"
    shown = table["n"].dropna()
    assert not ((shown > 0) & (shown < 11)).any()


def test_a_study_of_few_shows_nothing_outside(tmp_path):
    made = create_study(tmp_path / "few.study", timezone="Europe/London")
    made.append_rows("patients", pl.DataFrame({"patient_id": ["P1", "P2"], "birth_year": [1980, 1990]}), origin="test")
    assert set(table_one(made, suppress_below=11)["cell"]) == {"not shown"}


def test_the_report_hides_small_counts_by_default_and_escapes_text(study, tmp_path):
    path = table_one_report(study, by="site").save(tmp_path / "t1.html")
    page = path.read_text(encoding="utf-8")
    assert "not shown" in page
    assert "=North<b>" not in page
    assert "=North&lt;b&gt;" in page


def test_the_report_for_inside_says_so(study):
    first = table_one_report(study, suppress_below=1).blocks[0]
    assert "inside the site" in first.text


@pytest.mark.parametrize("by", ["birth_year", "nonsense"])
def test_an_unknown_grouping_is_refused(study, by):
    with pytest.raises(InvalidTableError, match="site, clinician, sex, condition"):
        table_one(study, by)


def test_another_suffix_is_refused(study, tmp_path):
    with pytest.raises(OutputError):
        table_one_report(study).save(tmp_path / "t1.txt")
