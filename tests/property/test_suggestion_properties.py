"""Whatever a file holds: a suggestion or a sentence, no cell in its words, and a saved layout reads back the same."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ptanalytics as pta
from ptanalytics.errors import PtAnalyticsError
from ptanalytics.loading.layout_parts import IgnoreRows, JoinedText, Spread
from ptanalytics.loading.layout_text import layout_text
from ptanalytics.loading.layouts import Layout, Match, TableLayout, parse_layout

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)
HEADING = st.sampled_from(
    ["Patient", "Client no", "Date", "When", "Pain", "Pain (0-100)", "odi_1", "odi_2", "odi_3", "Weight", "day 1", "sex"]
)
CELL = st.sampled_from(["", "3", "40", "-99", "01/02/2026", "13/02/2026", "2026-02-01 10:00", "f", "7/10", "x;y", "NA"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(HEADING | TEXT, min_size=1, max_size=8), st.data())
def test_any_file_is_proposed_or_refused_with_a_sentence_and_shows_no_cell(headings, data):
    secret = "zq4711zq"
    # A first line without one known heading may be data for all a reader knows, or a comment.
    headings = ["Patient", *headings]
    rows = data.draw(st.lists(st.lists(CELL, min_size=len(headings), max_size=len(headings)), min_size=1, max_size=8))
    text = io.StringIO()
    csv.writer(text).writerows([headings, [secret] * len(headings), *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file.csv")
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
        try:
            suggestion = pta.suggest_layout(path)
        except PtAnalyticsError as error:
            assert secret not in str(error)  # noqa: PT017 - the sentence is what is tested
            return
        assert [column.heading for column in suggestion.columns]
        assert secret not in "\n".join(suggestion.in_words())
        if suggestion.layout is not None:
            saved = suggestion.save(Path(folder, "layout.toml"))
            assert parse_layout(saved.read_text(encoding="utf-8"), "layout.toml") == suggestion.layout


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT, min_size=4, max_size=4, unique=True), st.dictionaries(TEXT, TEXT, max_size=3), TEXT)
def test_a_layout_written_as_toml_reads_back_the_same(columns, coding, note):
    patient, day, first, second = columns
    layout = Layout(
        id=note,
        description=note,
        match=Match(columns=(patient, day), shape="0123456789abcdef"),
        tables=(
            TableLayout(
                table="responses",
                columns={"patient_id": patient, "completed_at": day},
                constants={"instrument_id": note},
                joined={"response_id": JoinedText(columns=(patient, day), skip_blank=True)},
                spread=Spread(name="item_id", value="answer", columns={note: first, f"{note}2": second}),
                codings={"answer": coding},
                ignore=(IgnoreRows(kind=note, column=first, equals=(second,)),),
                missing_codes=(note,),
                notes=(note,),
            ),
        ),
    )
    assert parse_layout(layout_text(layout, [note]), "layout.toml") == layout
