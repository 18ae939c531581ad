"""A date means the same whatever the cells around it are like: the quick way of a column and the close look agree."""

import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptanalytics.loading.moments import Clock, date_reader, moment_reader, order_evidence

_DAY = st.one_of(
    st.integers(1, 31).map(str), st.integers(1, 31).map("{:02}".format), st.sampled_from(["0", "32", "007", "+3"])
)
_MONTH = st.one_of(st.integers(1, 13).map(str), st.integers(1, 13).map("{:02}".format))
_YEAR = st.sampled_from(["2026", "26", "1999", "0026", "69", "70", "02026", "+2026"])
_CLOCK = st.sampled_from(
    [
        *(
            "",
            " 6:55",
            " 06:55",
            " 18:05:09",
            " 6:55 PM",
            " 12:05 am",
            " 6:55:01 pm",
            " 13:05 pm",
            " 0:55 AM",
            "T06:55",
            ", 6:55",
        ),
        *(
            " 6:5",
            " 24:00",
            " 06:60",
            " 06:55:60",
            "  06:55",
            " 6:55PM",
            " 6.55",
            " 06:55Z",
            " 06:55 p.m.",
            " 06:55:01.25",
            " x",
        ),
    ]
)
_MARK = st.sampled_from([".", "/", "-", " ", ". "])


@st.composite
def dates(draw: st.DrawFn) -> str | None:
    """A cell that is a numeric date, nearly one, or another one."""
    mark = draw(_MARK)
    numeric = draw(_DAY) + mark + draw(_MONTH) + draw(st.sampled_from([mark, "."])) + draw(_YEAR) + draw(_CLOCK)
    return draw(st.sampled_from([numeric, numeric, numeric, f" {numeric}", "2026-03-04 10:00", "4 Mar 2026", "NA", None]))


@st.composite
def columns(draw: st.DrawFn) -> list[str | None]:
    """Cells of a column; most columns begin with a date in the usual form."""
    first = draw(
        st.sampled_from(["25.03.2026 06:55", "25/3/2026", "3/25/2026 6:55 PM", "03-25-2026 06:55:01", "2026-03-04"])
    )
    return [first, *draw(st.lists(dates(), max_size=12))]


@settings(max_examples=80, deadline=None)
@given(cells=columns(), order=st.sampled_from(["day_first", "month_first", None]), only_telling=st.booleans())
@pytest.mark.parametrize("make", [date_reader, moment_reader])
def test_every_cell_is_read_as_if_it_stood_alone_behind_another(
    make: Any, cells: list[str | None], order: Any, only_telling: bool
) -> None:
    reader = make(order=order, clock=Clock("Europe/London"), only_telling=only_telling)
    found = reader.read(pl.Series("at", cells, dtype=pl.String)).rows()
    # Behind a cell that is no date at all every other is looked at closely.
    expected = [reader.read(pl.Series("at", ["no date", cell], dtype=pl.String)).row(1) for cell in cells]
    assert found == expected


@settings(max_examples=40, deadline=None)
@given(cells=st.lists(dates(), max_size=10))
def test_the_evidence_of_a_column_is_the_sum_of_its_cells(cells: list[str | None]) -> None:
    def evidence(texts: list[str | None]) -> list[int]:
        found = pl.DataFrame({"at": texts}, schema={"at": pl.String}).lazy().select(order_evidence("at"))
        return list(found.collect(engine="streaming").item().values())

    single = [evidence([cell]) for cell in cells]
    assert (
        evidence(cells) == [sum(one) for one in zip([0, 0, 0], *single, strict=True)]
        if cells
        else evidence(cells) == [0, 0, 0]
    )
    for cell, (day, month, either) in zip(cells, single, strict=True):
        assert [day, month, either] == told_by(cell)


def told_by(cell: str | None) -> list[int]:
    """What a cell says of the order, in plain Python."""
    clock = r"[T\s,]\s*\d{1,2}[:.h]\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s*(?:[ap])?\.?(?:m\.?)?\s*"
    clock += r"(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
    text = re.sub(clock, "", cell or "", flags=re.IGNORECASE).strip()
    found = re.fullmatch(r"(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(?:\d{4}|\d{2})", text)
    if found is None:
        return [0, 0, 0]
    first, second = map(int, found.groups())
    return [first > 12 >= second, second > 12 >= first, max(first, second) <= 12 and first != second]
