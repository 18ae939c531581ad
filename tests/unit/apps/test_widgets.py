"""The controls without a browser: what they send, what they refuse, what they leave behind."""

import json
from typing import Any

import ipywidgets as ipw
import pandas as pd
import plotly.graph_objects as go
import pytest
import traitlets as tl
from ipywidgets.widgets.widget import _instances

from ptanalytics.apps.widgets import (
    Alert,
    ChartWidget,
    Chips,
    ChoiceField,
    NumberField,
    PatientTable,
    RangeField,
    StatusLine,
    close_deep,
)
from ptanalytics.apps.widgets.markup import element, table, text
from ptanalytics.apps.widgets.runtime import runtime

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def chart() -> ChartWidget:
    return ChartWidget(go.Figure(go.Scatter(y=[1, 2, 3]), layout={"title": {"text": "Pain"}}))


def test_a_late_page_gets_the_whole_figure(chart: ChartWidget) -> None:
    chart.update_from(go.Figure([go.Scatter(y=[5]), go.Bar(y=[6])], layout={"title": {"text": "Pain, now"}}))

    figure = json.loads(chart.get_state()["figure_json"])

    assert [trace["type"] for trace in figure["data"]] == ["scatter", "bar"]
    assert figure["layout"]["title"]["text"] == "Pain, now"


def test_charts_share_one_library_and_carry_little_themselves(chart: ChartWidget) -> None:
    other = ChartWidget(go.Figure())

    assert runtime() is runtime()
    assert all(len(one.get_state()["_esm"]) < 8_000 for one in (chart, other))
    assert 500_000 < len(runtime().library) < 2_500_000


def test_the_library_is_made_again_after_all_widgets_were_closed() -> None:
    runtime().close()

    assert runtime().comm is not None


def test_a_chart_cannot_be_sent_to_a_server(chart: ChartWidget) -> None:
    config = chart.get_state()["config"]

    assert config["showSendToCloud"] is False
    assert config["plotlyServerURL"] == ""
    assert config["displaylogo"] is False


def test_redrawing_makes_no_new_widget(chart: ChartWidget) -> None:
    before = len(_instances)
    for n in range(5):
        chart.update_from(go.Figure(go.Scatter(y=[n])))

    assert len(_instances) == before


@pytest.mark.parametrize("value", [-1.0, 11.0, float("nan")])
def test_a_number_outside_the_range_is_refused_not_clipped(value: float) -> None:
    field = NumberField(label="Reps", minimum=0, maximum=10, value=5)

    with pytest.raises(tl.TraitError, match="between 0 and 10"):
        field.value = value

    assert field.value == 5


def test_a_number_field_can_be_not_set() -> None:
    field = NumberField(label="Load", value=5, maximum=10)
    field.value = None

    assert field.get_state()["value"] is None


def test_a_field_is_pointed_at_a_quantity_with_another_range() -> None:
    field = NumberField(label="Reps", minimum=0, maximum=10, value=5)

    field.show(value=200.0, minimum=100, maximum=300, step=5, label="Volume")

    assert (field.value, field.minimum, field.maximum, field.label) == (200, 100, 300, "Volume")


def test_chips_only_remove_what_they_show() -> None:
    removed: list[str] = []
    chips = Chips(on_remove=removed.append, items=[{"key": "sites=north", "text": "site: north"}])

    chips._hear(None, {"remove": "sites=south"}, [])
    chips._hear(None, {"remove": "sites=north"}, [])

    assert removed == ["sites=north"]


def test_busy_ends_when_the_work_fails() -> None:
    status = StatusLine()

    with pytest.raises(ZeroDivisionError), status.busy():
        _ = 1 / 0

    assert not status.is_busy


def test_the_patient_table_reports_the_chosen_patient_and_forgets_the_choice() -> None:
    chosen: list[str] = []
    rows = pd.DataFrame({"Patient": ["P1", "P2"], "Site": ["north", "south"]})
    patients = PatientTable(rows, on_choose=chosen.append, caption="Patients")

    patients.selected_rows = [1]
    patients.show(rows.iloc[:1])

    assert chosen == ["P2"]
    assert patients.selected_rows == []


def test_the_patient_table_keeps_markup_as_text() -> None:
    patients = PatientTable(pd.DataFrame({"Patient": ["P1"], "Site": [HOSTILE]}), on_choose=print, caption="Patients")

    sent = json.dumps(patients.get_state()["_dt_args"])

    assert "<img" not in sent
    assert "&lt;img" in sent


def test_markup_escapes_text_and_attributes() -> None:
    made = element("p", text(HOSTILE), title=HOSTILE) + table([HOSTILE], [[HOSTILE]], caption=HOSTILE)

    assert "<img" not in made
    assert made.count("&lt;img") == 5


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NaT, pd.NA])
def test_a_missing_value_is_said(missing: Any) -> None:
    assert text(missing) == "not recorded"
    assert text(0) == "0"


def test_close_deep_leaves_nothing() -> None:
    before = set(_instances)
    box = ipw.VBox([ipw.HBox([ipw.Button(), NumberField(label="a")]), ChoiceField(label="b", options=[]), RangeField()])
    box.children = [*box.children, Alert(), StatusLine()]

    close_deep(box)

    left = [one for key, one in _instances.items() if key not in before]
    assert left == []


def test_sliders_keep_the_first_of_their_listeners_only() -> None:
    field = NumberField(label="a")
    before = len(field._trait_notifiers.get("value", {}).get("change", []))
    for n in range(3):
        field.show(value=n, minimum=0, maximum=10, step=1)

    assert len(field._trait_notifiers.get("value", {}).get("change", [])) == before
