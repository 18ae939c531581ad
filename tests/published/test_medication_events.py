"""AdhereR's published values of its own example data: the two patients of its vignette, and the figures in its text."""

from pathlib import Path

import polars as pl
import pytest

from ptanalytics import create_study
from ptanalytics.adherence import pharmacy_adherence, pharmacy_episodes, pharmacy_windows

EVENTS = Path(__file__).parents[2].parent / "shared" / "data" / "medication_events" / "med.events.csv"
pytestmark = pytest.mark.skipif(not EVENTS.is_file(), reason="the folder of real data is not beside the repository")

YEAR = {"observation_start_day": 182, "observation_days": 365}


@pytest.fixture(scope="module")
def supplies():
    return pl.read_csv(EVENTS).select(
        patient_id=pl.col("PATIENT_ID").cast(pl.String),
        supplied_date=pl.col("DATE").str.to_date("%m/%d/%Y"),
        duration_days=pl.col("DURATION").cast(pl.Float64),
        daily_dose=pl.col("PERDAY").cast(pl.Float64),
        category="CATEGORY",
    )


def of(table, patient, column):
    return table.filter(pl.col("patient_id") == patient)[column].to_list()


def test_every_patient_and_event_is_there(supplies):
    table = pharmacy_adherence(supplies=supplies)

    assert (supplies.height, table.height) == (1080, 100)


def test_cma1_over_a_year_that_begins_on_day_182(supplies):
    table = pharmacy_adherence(supplies=supplies, **YEAR)

    assert of(table, "37", "cma1") == [pytest.approx(0.4035874, abs=5e-8)]
    assert of(table, "76", "cma1") == [pytest.approx(1.4, abs=5e-8)]


def test_cma2_to_cma9_of_patient_76_as_the_text_rounds_them(supplies):
    table = pharmacy_adherence(supplies=supplies, **YEAR)
    percent = {name: round(100 * of(table, "76", name)[0], 1) for name in ("cma2", "cma3", "cma4", "cma7", "cma9")}

    assert percent == {"cma2": 77.9, "cma3": 100.0, "cma4": 77.9, "cma7": 69.0, "cma9": 70.6}
    assert of(table, "76", "cma5") == of(table, "76", "cma3")  # no gap between the events of the window
    assert of(table, "76", "cma6") == pytest.approx(of(table, "76", "cma4"))


def test_cma8_waits_for_the_supply_of_the_medicine_before(supplies):
    table = pharmacy_adherence(supplies=supplies, observation_start_day=374, observation_days=294)

    assert round(100 * of(table, "76", "cma8")[0], 1) == 36.1


def test_cma9_per_episode_with_a_new_episode_for_another_medicine_or_after_180_days(supplies):
    table = pharmacy_episodes(supplies=supplies, permissible_gap_days=180, followup_days=730)

    assert of(table, "37", "cma9") == pytest.approx([0.7109005, 0.3239741], abs=5e-8)
    assert of(table, "76", "cma9") == pytest.approx([0.8422460, 0.3846154, 0.4838710], abs=5e-8)


def test_one_episode_each_when_another_medicine_starts_none(supplies):
    table = pharmacy_episodes(supplies=supplies, permissible_gap_days=180, category_change_starts_episode=False)

    assert of(table, "37", "episode") == of(table, "76", "episode") == [1]


def test_cma9_in_6_windows_of_120_days(supplies):
    values = of(pharmacy_windows(supplies=supplies, window_days=120, step_days=120), "76", "cma9")

    # "among which 2 have a CMA higher than 80%, two have values around 60% and two around 40%"
    assert len(values) == 6
    assert [sum(low <= value <= high for value in values) for low, high in ((0.8, 1), (0.55, 0.65), (0.35, 0.46))] == [
        2,
        2,
        2,
    ]


def test_cma9_in_21_windows_in_steps_of_30_days(supplies):
    values = of(pharmacy_windows(supplies=supplies, window_days=120, step_days=30), "76", "cma9")

    # "oscillated between 37% and 100%"
    assert len(values) == 21
    assert (round(100 * min(values)), round(100 * max(values))) == (37, 100)


def test_the_file_imported_into_a_study_gives_the_values_of_its_different_rows(supplies, tmp_path):
    study = create_study(tmp_path / "events.study", timezone="Europe/London", buckets=2)
    receipt = study.import_exports(EVENTS)

    assert (receipt.rows_used, receipt.rows_duplicate) == (1078, 2)

    of_study = pl.from_pandas(pharmacy_adherence(study, **YEAR)).select("patient_id", "n_events", "cma1", "cma9")
    # Two lines of the file repeat an event; an import counts the same fact once, frames are taken as they are.
    of_frame = pharmacy_adherence(supplies=supplies.unique(), **YEAR).select("patient_id", "n_events", "cma1", "cma9")
    assert of_study.equals(of_frame)
