"""Wide files to rows: items, days and instruments in the headings; rows of other forms are left out and counted."""

import pytest

import ptanalytics as pta
from ptanalytics.errors import LayoutError, MissingColumnsError
from ptanalytics.loading.layouts import parse_layout

ITEMS = """
id = "w"
description = "wide"
[[tables]]
table = "responses"
columns = { patient_id = "ID", completed_at = "Filled" }
joined.response_id = { columns = ["ID", "Filled"] }
constants = { instrument_id = "odi" }
codings.answer = { "9" = "" }
[tables.spread]
name = "item_id"
value = "answer"
columns = { odi_1 = "q1", odi_2 = "q2", odi_3 = "q3" }
"""
WEEKS = """
id = "weeks"
description = "wide"
[[tables]]
table = "pain_scores"
columns = { patient_id = "pid", recorded_at = "start" }
[tables.spread]
name = "recorded_at"
value = "pain_nprs"
days_after = true
columns = { 0 = "w0", 7 = "w1", 14 = "w2" }
"""


def load(tmp_path, text, layout, **options):
    (tmp_path / "wide.csv").write_text(text, encoding="utf-8")
    (tmp_path / "layout.toml").write_text(layout, encoding="utf-8")
    return pta.load_exports(tmp_path / "wide.csv", timezone="Europe/London", layout=tmp_path / "layout.toml", **options)


class TestItems:
    @pytest.fixture
    def loaded(self, tmp_path):
        return load(tmp_path, "ID,Filled,q1,q2,q3\nA,2026-01-05,1,,3\nB,2026-01-06,,,\nC,2026-01-07,9,x,2\n", ITEMS)

    def test_each_filled_cell_is_one_answer(self, loaded):
        answers = loaded.tables["responses"].set_index(["patient_id", "item_id"])["answer"]
        assert (answers["A", "odi_1"], answers["A", "odi_3"], answers["C", "odi_3"]) == (1, 3, 2)

    def test_an_item_left_blank_in_a_form_that_was_answered_is_a_missing_answer(self, loaded):
        answers = loaded.tables["responses"].set_index(["patient_id", "item_id"])["answer"]
        assert answers.isna()["A", "odi_2"]

    def test_a_code_of_the_layout_is_a_missing_answer(self, loaded):
        answers = loaded.tables["responses"].set_index(["patient_id", "item_id"])["answer"]
        assert answers.isna()["C", "odi_1"]

    def test_a_form_without_any_answer_is_left_out_and_counted(self, loaded):
        assert "B" not in set(loaded.tables["responses"]["patient_id"])
        assert [entry.ignored_kinds for entry in loaded.receipt.files] == [{"rows without any answer": 1}] * 3

    def test_an_unreadable_cell_sets_only_its_own_item_aside_under_the_row_of_the_file(self, loaded):
        reasons = loaded.quarantine.reasons[["row", "column", "rule"]].values.tolist()
        assert reasons == [[4, "answer", "not_a_number"]]

    def test_every_part_adds_up_to_the_lines_of_the_file(self, loaded):
        for entry in loaded.receipt.files:
            assert entry.rows_read == 4
            assert entry.rows_read == entry.rows_used + entry.rows_set_aside + entry.rows_duplicate + entry.rows_ignored

    def test_a_column_that_another_part_reads_is_not_called_dropped(self, loaded):
        assert all(entry.columns_dropped == () for entry in loaded.receipt.files)


class TestDays:
    def test_weeks_after_the_start_are_days(self, tmp_path):
        loaded = load(tmp_path, "pid,start,w0,w1,w2\nA,2026-03-25,3,4,\nB,2026-03-01,1,,2\n", WEEKS)
        rows = loaded.tables["pain_scores"]
        found = list(zip(rows["patient_id"], rows["recorded_at"].astype(str), rows["pain_nprs"], strict=True))
        assert found == [
            ("A", "2026-03-25", 3),
            ("A", "2026-04-01", 4),
            ("B", "2026-03-01", 1),
            ("B", "2026-03-15", 2),
        ]

    def test_a_blank_cell_is_no_rating_and_is_counted(self, tmp_path):
        loaded = load(tmp_path, "pid,start,w0,w1,w2\nA,2026-03-25,3,4,\nB,2026-03-01,1,,2\n", WEEKS)
        assert [entry.ignored_kinds for entry in loaded.receipt.files] == [{}, {"blank cells": 1}, {"blank cells": 1}]

    def test_all_parts_read_the_start_in_the_order_that_any_row_shows(self, tmp_path):
        # Only the first row shows the order, and it has no cell in the last week.
        loaded = load(tmp_path, "pid,start,w0,w1,w2\nA,05/13/2026,3,4,\nB,06/01/2026,1,,2\n", WEEKS)
        assert {entry.date_order["recorded_at"] for entry in loaded.receipt.files} == {"month_first"}
        assert str(loaded.tables["pain_scores"]["recorded_at"].max())[:10] == "2026-06-15"

    def test_a_broken_line_is_set_aside_and_never_left_out_as_blank(self, tmp_path):
        loaded = load(tmp_path, "pid,start,w0,w1,w2\nA,2026-03-25,3,4,5\nB,2026-03-01\n", WEEKS)
        assert [entry.rows_set_aside for entry in loaded.receipt.files] == [1, 1, 1]
        assert set(loaded.quarantine.reasons["rule"]) == {"too_few_fields"}


class TestIgnore:
    RULES = """
id = "r"
description = "rows of one form"
[[tables]]
table = "pain_scores"
columns = {{ patient_id = "pid", recorded_at = "day", pain_nprs = "pain" }}
[[tables.ignore]]
kind = "rows of other forms"
column = "form"
{condition}
"""
    TEXT = "pid,form,day,pain\nA,pain,2026-01-05,3\nB,Other,,\nC,,2026-01-06,4\n"

    @pytest.mark.parametrize(
        ("condition", "kept"),
        [
            ('equals = ["other"]', ["A", "C"]),
            ('not_equals = ["PAIN"]', ["A"]),
            ("is_missing = true", ["A"]),
            ("is_given = true", ["C"]),
        ],
    )
    def test_each_way_to_name_rows(self, tmp_path, condition, kept):
        loaded = load(tmp_path, self.TEXT, self.RULES.format(condition=condition))
        assert sorted(loaded.tables["pain_scores"]["patient_id"]) == kept
        assert loaded.receipt.rows_ignored + loaded.receipt.rows_used + loaded.receipt.rows_set_aside == 4

    def test_a_blank_that_is_carried_forward_is_filled_before_rows_are_left_out(self, tmp_path):
        layout = self.RULES.format(condition="is_missing = true").replace(
            "columns =", 'carry_forward = ["form"]\ncolumns ='
        )
        loaded = load(tmp_path, self.TEXT.replace("Other", "pain"), layout)
        assert sorted(loaded.tables["pain_scores"]["patient_id"]) == ["A", "C"]


class TestRefused:
    def test_a_spread_column_that_the_file_lacks(self, tmp_path):
        with pytest.raises(MissingColumnsError, match="q3"):
            load(tmp_path, "ID,Filled,q1,q2\nA,2026-01-05,1,2\n", ITEMS)

    @pytest.mark.parametrize(
        "change",
        [
            ('value = "answer"', 'value = "nothing"'),
            ('name = "item_id"', 'name = "item_id"\ndays_after = true'),
            ('constants = { instrument_id = "odi" }', 'constants = { instrument_id = "odi", item_id = "x" }'),
        ],
        ids=["unknown column", "days of no date", "given twice"],
    )
    def test_a_wrong_spread_is_named(self, change):
        with pytest.raises(LayoutError):
            parse_layout(ITEMS.replace(*change), "layout.toml")
