"""Whatever stands in a JSON or FHIR file: nothing raises but a refusal in words, and each record ends somewhere."""

import copy
import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ptanalytics as pta
from ptanalytics.errors import PtAnalyticsError
from ptanalytics.loading.readers.fhir_resources import COLUMNS, facts_of
from ptanalytics.loading.readers.json_records import read_json
from ptanalytics.loading.readers.text_table import LINE_FAULTS
from reader_corpus import resources

PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=20),
    st.sampled_from(["final", "entered-in-error", "Patient/p1", "2026-01-05", "http://loinc.org", "72514-3", ""]),
)
ANY_JSON = st.recursive(
    PLAIN, lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4)
)
RECORDS = st.lists(st.dictionaries(st.text(max_size=8), ANY_JSON, max_size=5), min_size=1, max_size=8)
TIMES = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(name, content):
    """Return the tables of a file with these bytes, or None where it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        try:
            tables, _ = read_json(path)
        except PtAnalyticsError:
            return None
        return [(table, table.frame.collect()) for table in tables]


@TIMES
@given(RECORDS)
def test_every_record_of_a_list_is_a_row_with_its_number(records):
    for name, content in (("x.json", json.dumps(records)), ("x.ndjson", "\n".join(map(json.dumps, records)))):
        tables = read(name, content.encode())
        if tables is None:
            assert not any(records)  # records without one name
            continue
        [(table, frame)] = tables
        assert frame["row"].to_list() == list(range(1, len(records) + 1))
        assert set(table.headings) | {"row", "_fault"} == set(frame.columns)


@TIMES
@given(st.lists(st.one_of(ANY_JSON.map(json.dumps), st.text(max_size=30), st.just("")), min_size=1, max_size=10))
def test_every_line_is_a_row_or_blank(lines):
    lines = [line.replace("\n", " ").replace("\r", " ") for line in lines]
    tables = read("x.ndjson", "\n".join(lines).encode("utf-8", "replace"))
    if tables is not None:
        assert sum(table.n_rows + table.n_blank + sum(table.ignored_kinds.values()) for table, _ in tables) >= len(
            [line for line in lines if line.strip()]
        )
        for table, frame in tables:
            assert frame.height == table.n_rows
            assert set(frame["_fault"].drop_nulls()) <= set(LINE_FAULTS)


@TIMES
@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_read_or_refused(content):
    for name in ("x.json", "x.ndjson"):
        read(name, content)


@st.composite
def bent_resources(draw):
    """A good resource with one value, anywhere in it, replaced by any other."""
    resource = copy.deepcopy(draw(st.sampled_from(resources())))
    here = resource
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        key = draw(st.sampled_from(keys))
        if isinstance(here[key], dict | list) and here[key] and draw(st.booleans()):
            here = here[key]
            continue
        here[key] = draw(ANY_JSON)
        return resource


@TIMES
@given(bent_resources())
def test_a_bent_resource_makes_rows_or_is_counted(resource):
    found = facts_of(resource)
    assert found.rows or found.ignored or found.other_kind is not None
    for fact in found.rows:
        assert set(fact.cells) <= set(COLUMNS[fact.table])
        assert all(cell is None or isinstance(cell, str) for cell in fact.cells.values())
        assert fact.fault is None or fact.fault in LINE_FAULTS


def _places(value, above=()):
    yield above
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in inside:
        yield from _places(member, (*above, key))


def test_every_value_of_every_resource_may_be_of_any_kind():
    timing = {"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"], "boundsPeriod": {"start": "2026-01-05"}}
    request = {
        "resourceType": "ServiceRequest",
        "code": {"text": "bird dog"},
        "subject": {"reference": "Patient/p1"},
        "occurrenceTiming": {"repeat": {**timing, "duration": 1, "durationUnit": "min"}},
        "occurrencePeriod": {"start": "2026-01-05"},
    }
    others = (
        None,
        True,
        -1,
        2**70,
        1e308,
        "",
        "x",
        [],
        [1],
        [{}],
        {},
        {"coding": [5]},
        {"value": []},
        [{"coding": [{"code": {}}]}],
    )
    for resource in (*resources(), request):
        for place in _places(resource):
            for other in others if place else ():
                bent = copy.deepcopy(resource)
                here = bent
                for key in place[:-1]:
                    here = here[key]
                here[place[-1]] = other
                found = facts_of(bent)
                assert found.rows or found.ignored or found.other_kind is not None
                assert all(cell is None or isinstance(cell, str) for fact in found.rows for cell in fact.cells.values())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(bent_resources(), min_size=1, max_size=6))
def test_a_file_of_bent_resources_adds_up(bent):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bulk.ndjson")
        path.write_text("".join(json.dumps(resource) + "\n" for resource in [*resources(), *bent]), encoding="utf-8")
        loaded = pta.load_exports(path, timezone="Europe/London")
    assert loaded.receipt.rows_read >= len(resources()) + len(bent)
    for entry in loaded.receipt.files:
        ends = entry.rows_used + entry.rows_set_aside + entry.rows_duplicate + entry.rows_ignored
        assert entry.rows_read == ends
    assert len(loaded.quarantine.rows) == loaded.receipt.rows_set_aside
    assert set(loaded.quarantine.reasons["row"]) == set(loaded.quarantine.rows["row"])
