"""What the outcome report says of data checks and repairs."""

import polars as pl

import ptanalytics as pta
from ptanalytics.reports.content import Paragraph
from ptanalytics.reports.disclosure import Disclosure
from ptanalytics.reports.quality_section import _checks, _repaired


class Facts:
    """Only what the section reads."""

    def __init__(self, threshold):
        self.disclosure = Disclosure(threshold)


def rules(*rows):
    columns = ["rule_id", "table", "severity", "sentence", "counts", "n_checked", "n_found", "status"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def test_the_table_of_checks_is_what_check_data_found(messy_study, table_of):
    found = pta.check_data(messy_study).problems
    expected = found[~found["rule_id"].str.contains(".", regex=False)].set_index("sentence")

    rows = table_of(pta.outcome_report(messy_study), "Checks over whole tables")

    assert {row["What was found"]: (int(row["Found"]), int(row["Of"])) for row in rows} == {
        sentence: (row.n_found, row.n_checked) for sentence, row in expected.iterrows()
    }


def test_counts_of_few_persons_are_not_shown():
    found = rules(("pain_single_value", "pain_scores", "note", "one number", "patients", 40, 3, "found"))

    (table,) = _checks(found, Facts(11))

    assert table.rows == (("pain_scores", "note", "one number", "<11", "40", "patients"),)


def test_a_rest_of_few_persons_is_not_given_away():
    found = rules(("patients_without_plan", "patients", "warning", "no plan", "rows", 40, 38, "found"))

    (table,) = _checks(found, Facts(11))

    assert table.rows[0][3] == "not shown"


def test_rules_with_nothing_to_look_at_are_not_called_passed():
    block = _checks(rules(("a", "plans", "note", "x", "rows", 0, 0, "not_applicable")), Facts(11))

    assert isinstance(block[0], Paragraph)
    assert "0 rules found nothing; 1 had nothing to look at, which is not a pass." in block[0].text


def test_rows_repaired_since_are_told():
    assert _repaired(0) == []
    assert _repaired(3)[0].text.startswith("3 rows set aside were corrected by a person since")
