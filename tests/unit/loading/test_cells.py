"""Each spelling of a cell that is read, and each that is not, with the rule it breaks."""

import math

import polars as pl
import pytest

from ptanalytics.loading import cells


def read(reader, *texts):
    """Return values, with the rule of each unreadable cell in its place."""
    column = pl.Series(texts, dtype=pl.String)
    result = reader.read(column)
    rules = reader.fault(cells.trim(column))
    return [
        value if readable else rule
        for value, readable, rule in zip(result["value"], result["is_readable"], rules, strict=True)
    ]


def numbers(mark=".", unit="", **more):
    return cells.number_reader(decimal_mark=mark, unit=unit, **more)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("7.25", 7.25),
        ("-3", -3.0),
        ("\u22123", -3.0),
        ("1e3", 1000.0),
        ("1,234", 1234.0),
        ("1 234.5", 1234.5),
        ("1\u00a0234", 1234.0),
        (".5", 0.5),
    ],
)
def test_numbers_with_a_decimal_point(text, value):
    assert read(numbers(), text) == [value]


@pytest.mark.parametrize(
    ("text", "value"), [("7", 7.0), ("3,5", 3.5), ("-0,25", -0.25), ("1.234,5", 1234.5), ("1.234", 1234.0), (",5", 0.5)]
)
def test_numbers_with_a_decimal_comma(text, value):
    assert read(numbers(","), text) == [value]


@pytest.mark.parametrize(
    "text", ["", " ", "NA", "n/a", "NaN", "nan", "null", "NULL", ".", "-", "<undefined>", "none", None]
)
def test_codes_for_missing_are_missing_and_readable(text):
    assert read(numbers(), text) == [None]


def test_a_layouts_own_code_for_missing_is_missing():
    assert read(numbers(missing=("-99",)), "x", "5", "-99", " -99 ", "-98") == ["not_a_number", 5.0, None, None, -98.0]
    assert read(cells.boolean_reader(("-99",)), "-99", "-98") == [None, "not_yes_or_no"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("bad", "not_a_number"),
        ("three", "not_a_number"),
        ("7/10", "fraction"),
        ("3,5", "decimal_mark"),
        ("12 lb", "unit"),
        ("2h 10m", "unit"),
        ("inf", "not_a_number"),
        ("-Infinity", "not_a_number"),
        ("1.2.3", "decimal_mark"),
        ("=1+1", "not_a_number"),
    ],
)
def test_a_cell_that_is_no_number_names_its_rule(text, rule):
    assert read(numbers(unit="kg"), text) == [rule]


def test_a_point_in_a_column_with_decimal_commas_is_not_guessed():
    assert read(numbers(","), "3.5", "3,5") == ["decimal_mark", 3.5]


def test_a_rating_may_name_the_top_of_its_own_scale():
    reader = numbers(unit="0-10", scale_maximum=10.0)
    assert read(reader, "7/10", "7 / 10", "6.5/10", "7 out of 10", "7/11", "7/5") == [7, 7, 6.5, 7, "fraction", "fraction"]
    assert read(numbers(",", scale_maximum=10.0), "6,5/10") == [6.5]


def test_a_cell_may_carry_its_columns_unit():
    assert read(numbers(unit="min"), "38min", "38 minutes", "38 s") == [38, 38, "unit"]
    assert read(numbers(unit="kg"), "12 kg", "12,5 kg") == [12, "unit"]
    assert read(numbers(",", unit="kg"), "12,5 kg") == [12.5]
    assert read(numbers(unit="sets"), "3 sets", "3 kg") == [3, "unit"]


def test_a_layouts_unit_is_converted():
    assert read(numbers(unit="min", file_unit="s"), "90", "90 s", "bad") == [1.5, 1.5, "not_a_number"]
    pounds = read(numbers(unit="kg", file_unit="lb"), "10", "10 lbs")
    assert pounds == pytest.approx([4.5359237, 4.5359237], rel=1e-12)
    assert read(numbers(unit="", file_unit="%"), "80", "80%") == pytest.approx([0.8, 0.8])


def test_clock_spellings_are_minutes_where_a_layout_says_so():
    reader = numbers(unit="min", file_unit="clock")
    found = read(reader, "2h 10m", "38min", "45s", "1:20:00", "1h", "12", "12:30", "soon")
    assert found[:6] == [130, 38, 0.75, 80, 60, 12]
    assert found[7] == "not_a_number"
    assert isinstance(found[6], str), "12:30 may be minutes or hours, so it is not read"


def test_whole_numbers():
    reader = cells.whole_number_reader(decimal_mark=".", unit="", dtype=pl.Int32())
    assert read(reader, "3", "3.0", "3.5", "x", "99999999999") == [3, 3, "not_whole", "not_a_number", "not_whole"]
    assert read(reader, "3.5", "") == ["not_whole", None]


@pytest.mark.parametrize("text", ["yes", "Y", "1", "TRUE", "t", "ja", "Oui", "x"])
def test_yes(text):
    assert read(cells.boolean_reader(), text) == [True]


@pytest.mark.parametrize("text", ["no", "N", "0", "false", "Nein", "non"])
def test_no(text):
    assert read(cells.boolean_reader(), text) == [False]


def test_anything_else_is_neither_yes_nor_no():
    assert read(cells.boolean_reader(), "maybe", "2", "yes") == ["not_yes_or_no", "not_yes_or_no", True]


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("sex", "F", "female"),
        ("sex", "Male", "male"),
        ("sex", "X", "other"),
        ("recall", "average last 24 hours", "avg_24h"),
        ("recall", "AVG_24H", "avg_24h"),
        ("recall", "past week", "avg_7d"),
        ("kind", "Vacation", "holiday"),
        ("kind", "hold", "clinician_hold"),
        ("source", "paper", "paper_diary"),
        ("source", "in clinic", "clinic_attendance"),
        ("source", "telepathy", "not_allowed"),
        ("sex", "FM", "not_allowed"),
    ],
)
def test_categories_and_their_synonyms(column, text, value):
    assert read(cells.category_reader(column), text) == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Mon, Wed, Fri", "mon,wed,fri"),
        ("fri mon", "mon,fri"),
        ("Dienstag/Donnerstag", "tue,thu"),
        ("1,3,5", "mon,wed,fri"),
        ("daily", "mon,tue,wed,thu,fri,sat,sun"),
        ("mon,mon", "mon"),
        ("some days", "not_weekdays"),
        ("mon and 9", "not_weekdays"),
    ],
)
def test_weekdays(text, value):
    assert read(cells.weekdays_reader(), text) == [value]


def test_text_is_trimmed_and_codes_for_missing_are_missing():
    texts = pl.Series([" P1 ", "NA", "n/a", "", "Nadia", None, "NaN", "."])
    assert cells.read_text(texts).to_list() == ["P1", None, None, None, "Nadia", None, None, None]


def test_reading_is_the_same_in_pieces_as_at_once():
    texts = ["1", "2,5", "x", "", "7/10", "1.000", None, "3"] * 5
    reader = numbers(",")
    whole = reader.read(pl.Series(texts))
    pieces = pl.concat([reader.read(pl.Series(texts[at : at + 7], dtype=pl.String)) for at in range(0, len(texts), 7)])
    assert whole.equals(pieces)


def test_no_sentence_lacks_its_column():
    assert all("{column}" in sentence for sentence in cells.SENTENCES.values())


def test_an_empty_column_is_read():
    assert read(numbers()) == []
    assert math.isclose(read(numbers(), "1e-3")[0], 0.001)
