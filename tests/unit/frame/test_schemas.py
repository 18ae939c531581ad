"""The contract of tables: columns, keys, row rules and the data dictionary."""

import polars as pl
import pytest

from ptanalytics.errors import InvalidTableError, MissingColumnsError
from ptanalytics.schemas import RESULTS, TABLES, columns_of, data_dictionary, key_of, row_rules, sort_of
from ptanalytics.schemas.frames import as_caller_kind, conform, empty_frame, to_pandas

ALL = {**TABLES, **RESULTS}


@pytest.mark.parametrize("name", ALL)
def test_every_column_is_described_and_keys_and_order_are_columns(name: str) -> None:
    columns = columns_of(ALL[name])
    assert all(info.description for info in columns.values())
    assert set(key_of(ALL[name])) <= set(columns)
    assert set(sort_of(ALL[name])) <= set(columns)


@pytest.mark.parametrize("name", ALL)
def test_quantities_carry_their_unit_in_dictionary(name: str) -> None:
    suffixes = {"_min": "min", "_s": "s", "_kg": "kg", "_pct": "%", "_nprs": "0-10"}
    for info in columns_of(ALL[name]).values():
        for suffix, unit in suffixes.items():
            if info.name.endswith(suffix) and info.dtype.is_numeric() and info.name != "rpe_min":
                assert info.unit == unit, info.name


@pytest.mark.parametrize("name", ALL)
def test_dates_end_in_date_and_times_in_at(name: str) -> None:
    for info in columns_of(ALL[name]).values():
        if info.name.endswith("_date") or info.name == "date":
            assert info.dtype == pl.Date
        if info.name.endswith("_at"):
            assert info.dtype == pl.Datetime("us")


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_table_is_valid(name: str) -> None:
    TABLES[name].validate(empty_frame(TABLES[name]))


def test_row_rules_say_what_pandera_checks() -> None:
    frame = pl.DataFrame({"pain_nprs": [0.0, 10.0, 10.1, -0.1, None]})
    rules = {rule.rule_id: rule for rule in row_rules(TABLES["pain_scores"]) if rule.column == "pain_nprs"}
    held = {name: frame.select(rule.holds.fill_null(value=False)).to_series().to_list() for name, rule in rules.items()}
    assert held["pain_nprs_minimum"] == [True, True, True, False, True]
    assert held["pain_nprs_maximum"] == [True, True, False, True, True]
    assert held["pain_nprs_required"] == [True, True, True, True, False]


def test_a_missing_optional_value_breaks_no_rule() -> None:
    frame = pl.DataFrame({"kind": ["hospital", "beach", None]})
    rule = next(rule for rule in row_rules(TABLES["pauses"]) if rule.rule_id == "kind_allowed")
    assert frame.select(rule.holds).to_series().to_list() == [True, False, True]
    assert "one of" in rule.sentence


def test_the_dictionary_covers_every_column_of_every_table() -> None:
    dictionary = data_dictionary()
    assert len(dictionary) == sum(len(columns_of(model)) for model in ALL.values())
    row = dictionary.query("table == 'plans' and column == 'hold_s'").iloc[0]
    assert (row["unit"], row["maximum"], bool(row["is_required"])) == ("s", 3600.0, False)


def test_conform_adds_missing_optional_columns_and_drops_unknown_ones() -> None:
    frame = pl.DataFrame({"patient_id": ["a"], "surname": ["x"]})
    out = conform(frame, TABLES["patients"]).collect()
    assert out.columns == list(columns_of(TABLES["patients"]))
    assert out["birth_year"].to_list() == [None]


def test_conform_names_the_missing_required_column() -> None:
    with pytest.raises(MissingColumnsError) as caught:
        conform(pl.DataFrame({"patient_id": ["a"]}), TABLES["pauses"])
    assert caught.value.missing == ("from_date", "kind")


def test_conform_reads_text_dates_and_refuses_zoned_times() -> None:
    pain = pl.DataFrame({"patient_id": ["a"], "recorded_at": ["2026-03-02 08:30:00"], "pain_nprs": [3]})
    out = conform(pain, TABLES["pain_scores"]).collect()
    assert str(out["recorded_at"][0]) == "2026-03-02 08:30:00"
    zoned = pain.with_columns(pl.col("recorded_at").str.to_datetime().dt.replace_time_zone("UTC"))
    with pytest.raises(InvalidTableError, match="time zone"):
        conform(zoned, TABLES["pain_scores"])


def test_not_a_number_becomes_missing() -> None:
    frame = pl.DataFrame(
        {"patient_id": ["a"], "completed_date": ["2026-01-01"], "instrument_id": ["odi"], "score": [float("nan")]}
    )
    assert conform(frame, TABLES["scores"]).collect()["score"].to_list() == [None]


def test_missing_booleans_and_integers_stay_missing_in_pandas() -> None:
    out = to_pandas(pl.DataFrame({"flag": [True, None], "n": [1, None]}, schema={"flag": pl.Boolean, "n": pl.Int32}))
    assert str(out["flag"].dtype) == "boolean"
    assert str(out["n"].dtype) == "Int32"
    assert out["flag"].isna().tolist() == [False, True]


def test_the_caller_gets_back_the_kind_it_gave() -> None:
    frame = pl.DataFrame({"x": [1]})
    assert isinstance(as_caller_kind(frame, frame), pl.DataFrame)
    assert isinstance(as_caller_kind(frame, frame.lazy()), pl.LazyFrame)
    assert type(as_caller_kind(frame, frame.to_pandas())).__module__.startswith("pandas")
