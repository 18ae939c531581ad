"""What must hold for any file and any cell: nothing raises, nothing is lost, nothing is counted twice."""

import csv
import io
import math
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import ptanalytics as pta
from ptanalytics.errors import EmptyExportError, PtAnalyticsError, UnreadableFileError
from ptanalytics.loading import cells, split_duplicates
from ptanalytics.loading.layouts import TextForm
from ptanalytics.loading.moments import Clock, date_reader, moment_reader
from ptanalytics.loading.names import known_headings
from ptanalytics.loading.readers import read_text_tables
from ptanalytics.schemas import TABLES, columns_of, key_of

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=25)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2099, 12, 31))
DAYS = st.dates(date(1980, 1, 1), date(2099, 12, 31))
READERS = {
    "number": cells.number_reader(decimal_mark=".", unit="0-10", scale_maximum=10.0),
    "comma": cells.number_reader(decimal_mark=",", unit="kg"),
    "clock": cells.number_reader(decimal_mark=".", unit="min", file_unit="clock"),
    "whole": cells.whole_number_reader(decimal_mark=".", unit="", dtype=pl.Int32()),
    "boolean": cells.boolean_reader(),
    "category": cells.category_reader("sex"),
    "weekdays": cells.weekdays_reader(),
    "date": date_reader(order="day_first", clock=Clock("Europe/London")),
    "moment": moment_reader(order=None, clock=Clock("America/New_York", "UTC")),
}
TIMES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def one(reader, text):
    return reader.read(pl.Series([text], dtype=pl.String)).row(0)


@TIMES
@given(st.lists(st.none() | ANY_TEXT, max_size=12), st.sampled_from(sorted(READERS)))
def test_no_text_whatever_makes_a_reader_fail(texts, name):
    reader = READERS[name]
    column = pl.Series(texts, dtype=pl.String)
    result = reader.read(column)
    assert result.height == len(texts)
    assert result["value"].dtype == reader.dtype
    assert not (result["value"].is_not_null() & ~result["is_readable"]).any()
    assert reader.fault(cells.trim(column)).is_in(list(cells.SENTENCES)).all()


@TIMES
@given(FLOATS)
def test_any_number_written_with_a_decimal_comma_reads_back(number):
    comma = cells.number_reader(decimal_mark=",", unit="")
    assert one(comma, repr(number).replace(".", ",")) == (number, True)
    assert one(cells.number_reader(decimal_mark=".", unit=""), repr(number)) == (number, True)


@TIMES
@given(st.integers(-(10**12), 10**12), st.sampled_from([".", ","]))
def test_any_grouped_number_reads_back(number, mark):
    text = f"{number:,}" if mark == "." else f"{number:,}".replace(",", ".")
    assert one(cells.number_reader(decimal_mark=mark, unit=""), text) == (float(number), True)


@TIMES
@given(DAYS)
def test_any_day_reads_back_from_every_spelling(day):
    clock = Clock("UTC")
    for order, pattern in (("day_first", "%d/%m/%Y"), ("month_first", "%m/%d/%Y"), (None, "%Y-%m-%d"), (None, "%d %B %Y")):
        assert one(date_reader(order=order, clock=clock), day.strftime(pattern)) == (day, True)
    serial = str((day - date(1899, 12, 30)).days)
    assert one(date_reader(order=None, clock=clock), serial) == (day, True)


@TIMES
@given(MOMENTS, st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]))
def test_any_utc_time_becomes_the_local_time_that_python_says(moment, zone):
    utc = moment.replace(tzinfo=ZoneInfo("UTC"))
    reader = moment_reader(order=None, clock=Clock(zone))
    expected = utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    assert one(reader, utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ")) == (expected, True)
    assert one(reader, (moment + timedelta(hours=3)).strftime("%Y-%m-%d %H:%M:%S.%f+03:00")) == (expected, True)


PAIN_CELL = st.sampled_from(["0", "3", "10", "11", "-1", "7/10", "x", "", "NA", "3,5"]) | ANY_TEXT
DATE_CELL = st.sampled_from(["2026-03-04", "2026-03-05 10:00", "25/03/2026", "31/02/2026", "", "x", "45000"]) | ANY_TEXT
ID_CELL = st.sampled_from(["P1", "P2", "", "NA"])
RECORD = st.lists(ID_CELL | DATE_CELL | PAIN_CELL, min_size=0, max_size=5) | st.tuples(ID_CELL, DATE_CELL, PAIN_CELL).map(
    list
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(RECORD, max_size=15),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_rows_read_are_used_or_set_aside_or_duplicate_or_ignored(records, delimiter, encoding, end):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([["Patient ID", "Date", "Pain level"], *records])
    # A bare carriage return is written without quotes and ends a line for every reader, so the lines are counted again.
    n_written = len(list(csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=delimiter)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pain.csv")
        path.write_bytes(text.getvalue().encode(encoding))
        try:
            loaded = pta.load_exports(path, timezone="Europe/London", date_order="day_first")
        except EmptyExportError:
            assert not any(cell.strip() for record in records for cell in record)
            return
        except PtAnalyticsError as error:
            assert "P1" not in str(error).replace(str(path), "")  # noqa: PT017 - the sentence is what is tested
            return
    receipt = loaded.receipt
    assert receipt.rows_read == receipt.rows_used + receipt.rows_set_aside + receipt.rows_duplicate + receipt.rows_ignored
    assert receipt.rows_read == n_written
    assert receipt.rows_used == sum(len(table) for table in loaded.tables.values())
    assert receipt.rows_set_aside == len(loaded.quarantine.rows)
    assert set(loaded.quarantine.reasons["row"]) == set(loaded.quarantine.rows["row"])


QUOTED = st.lists(st.sampled_from(['"', '""', "a", "b c", ",", '","']), max_size=8).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(QUOTED, min_size=1, max_size=4))
@example(['"","",""'])
@example(["a,b c,", '"" ,,""', "a,,"])
def test_quotation_marks_anywhere_give_what_the_csv_module_gives(lines):
    content = "patient_id,recorded_at,note\n" + "\n".join(lines) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.csv")
        path.write_text(content, encoding="utf-8")
        try:
            table = read_text_tables(path, known_headings(), TextForm())[0][0]
            found = [[cell or "" for cell in row] for row in table.frame.select(table.headings).collect().rows()]
        except (EmptyExportError, UnreadableFileError):
            return
    records = [row for row in csv.reader(io.StringIO(content, newline="")) if any(cell.strip() for cell in row)][1:]
    assert found == [([*row, "", "", ""])[:3] for row in records]


SESSION_ROWS = st.lists(
    st.tuples(st.sampled_from(["P1", "P2"]), st.sampled_from(["S1", "S2"]), st.none() | st.sampled_from([1.0, 2.0])),
    max_size=12,
)


@TIMES
@given(SESSION_ROWS)
def test_duplicates_and_contradictions_equal_a_plain_loop(rows):
    model = TABLES["sessions"]
    frame = pl.DataFrame(
        {
            "patient_id": [row[0] for row in rows],
            "session_id": [row[1] for row in rows],
            "exercise_id": ["walk"] * len(rows),
            "reps": [row[2] for row in rows],
        },
        schema_overrides={"patient_id": pl.String, "session_id": pl.String, "exercise_id": pl.String, "reps": pl.Float64},
    )
    blank = [pl.lit(None, dtype=info.dtype).alias(n) for n, info in columns_of(model).items() if n not in frame.columns]
    frame = frame.with_columns(*blank, pl.int_range(pl.len()).alias("at"))
    first, wanted = {}, {"kept": [], "duplicates": [], "conflicts": []}
    for at, (patient, session, reps) in enumerate(rows):
        seen = first.setdefault((patient, session), (at, reps))
        wanted["kept" if seen[0] == at else "duplicates" if seen[1] == reps else "conflicts"].append(at)
    kept, duplicates, conflicts = split_duplicates(frame, model)
    assert [part["at"].to_list() for part in (kept, duplicates, conflicts)] == list(wanted.values())
    assert not kept.select(pl.struct(key_of(model)).is_duplicated().any()).item()


@TIMES
@given(st.floats(0, 10_000, allow_nan=False), st.sampled_from(["kg", " kg", "KG"]))
def test_a_cells_own_unit_changes_nothing(number, unit):
    value, readable = one(cells.number_reader(decimal_mark=".", unit="kg"), f"{number:.3f}{unit}")
    assert readable
    assert math.isclose(value, round(number, 3), abs_tol=1e-9)
