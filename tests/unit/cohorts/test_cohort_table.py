import polars as pl
import pytest
from pydantic import ValidationError

from memory_study import MemoryStudy
from outcome_frames import at, on, plans, ratings, sessions, totals
from ptanalytics.adherence import adherence_summary
from ptanalytics.cohorts import CohortFilter, cohort_table, filter_cohort, left_out_unknown, words_of
from ptanalytics.outcomes import changes, flares, pain_trend
from ptanalytics.schemas.results import CohortTable

CALM = dict.fromkeys(range(-7, 20), 6)


@pytest.fixture(scope="module")
def study():
    people = pl.DataFrame(
        {
            "patient_id": ["P1", "P2", "P3"],
            "birth_year": [1980, 1950, None],
            "site": ["north", "south", None],
            "clinician": ["C1", "C1", "C2"],
            "sex": ["female", "male", None],
            "condition": ["chronic", "acute", "acute"],
            "enrolled_date": [on(0), on(0), None],
            "discharged_date": [None, on(30), None],
        }
    )
    tables = {
        "patients": people,
        "plans": plans("P1", "P2"),
        "sessions": pl.concat([sessions(1, 3, 5, 86), sessions(1, patient="P2")]),
        "pain_scores": pl.concat(
            [
                ratings(CALM | {20: 9, 21: 9} | dict.fromkeys(range(70, 87), 3)),
                ratings({-1: 5, 40: 5}, patient="P2"),
            ]
        ),
        "scores": totals("odi", {0: 40, 84: 20}),
        "flags": pl.DataFrame(
            {
                "patient_id": ["P1", "P2", "P2"],
                "recorded_at": [at(1), at(1), at(2)],
                "flag_id": ["fever", "fever", "trauma"],
                "resolved_at": [at(3), at(3), None],
            }
        ),
    }
    return MemoryStudy(tables, buckets=2)


@pytest.fixture(scope="module")
def table(study):
    return cohort_table(study)


def patient(table, name):
    return table.set_index("patient_id").loc[name]


def test_one_row_per_patient_of_any_table_with_the_columns_of_the_schema(study, table):
    assert table["patient_id"].tolist() == study.patient_ids() == ["P1", "P2", "P3"]
    assert list(table.columns) == list(CohortTable.to_schema().columns)


def test_numbers_are_those_of_their_own_analyses(study, table):
    row = patient(table, "P1")
    change = changes(study, patients=["P1"], target_weeks=[12]).set_index("measure")

    assert row["adherence_pct"] == adherence_summary(study, patients=["P1"])["adherence_pct"].item()
    assert row["nprs_improvement"] == change.loc["nprs", "improvement"] == 3
    assert row["odi_improvement"] == change.loc["odi", "improvement"] == 20
    assert bool(row["is_odi_responder"]) is True
    assert row["trend"] == pain_trend(study, patients=["P1"])["label"].item()
    assert row["n_flares"] == len(flares(study, patients=["P1"])) == 1


def test_what_was_not_recorded_is_missing_with_a_reason(table):
    row = patient(table, "P3")

    assert row[["adherence_pct", "nprs_baseline", "nprs_recent", "n_flares", "age_years", "start_date"]].isna().all()
    assert (row["adherence_reason"], row["nprs_reason"], row["trend_reason"]) == ("no_plan", "no_start", "no_readings")


def test_reasons_only_stand_where_something_is_missing(table):
    for value, reason in (("adherence_pct", "adherence_reason"), ("trend", "trend_reason")):
        assert (table[value].isna() == table[reason].notna()).all()


def test_age_weeks_and_last_entry(table):
    first, second = patient(table, "P1"), patient(table, "P2")

    assert (first["age_years"], first["age_band"]) == (46, "45-59")
    assert (second["age_years"], second["age_band"]) == (76, "75 and over")
    assert (first["weeks_in_plan"], second["weeks_in_plan"]) == (13, 5)
    assert first["last_entry_date"].date() == on(86)


def test_a_flag_counts_until_every_one_is_resolved(table):
    assert table["has_unresolved_flag"].tolist() == [False, True, False]


def test_a_study_of_people_alone_has_its_table():
    alone = cohort_table(MemoryStudy({"patients": pl.DataFrame({"patient_id": ["P1"]})}))

    assert alone["adherence_reason"].tolist() == ["no_plan"]
    assert alone["last_entry_date"].isna().all()


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        pytest.param({}, ["P1", "P2", "P3"], id="nothing set"),
        pytest.param({"sites": ("north",)}, ["P1"], id="one site"),
        pytest.param({"sites": ("north", None)}, ["P1", "P3"], id="site not recorded"),
        pytest.param({"clinicians": ("C1",), "conditions": ("acute",)}, ["P2"], id="both must hold"),
        pytest.param({"age_min": 46, "age_max": 46}, ["P1"], id="both ends of a range"),
        pytest.param({"age_max": 200 - 80}, ["P1", "P2"], id="a range leaves out who has no age"),
        pytest.param({"adherence_bands": ("low",)}, ["P1", "P2"], id="band"),
        pytest.param({"is_odi_responder": True}, ["P1"], id="responders"),
        pytest.param({"is_odi_responder": False}, [], id="missing status is not no"),
        pytest.param({"has_flares": True}, ["P1"], id="flares"),
        pytest.param({"has_flares": False}, ["P2"], id="no rating is not no flare"),
        pytest.param({"has_unresolved_flag": True}, ["P2"], id="flag"),
        pytest.param({"trends": (None,)}, ["P2", "P3"], id="no trend"),
        pytest.param({"sites": ("west",)}, [], id="nobody"),
        pytest.param({"sites": ("north", "south")}, ["P1", "P2"], id="values of one kind are alternatives"),
        pytest.param({"responses": ("responder",)}, ["P1"], id="response"),
        pytest.param({"responses": (None,)}, ["P2", "P3"], id="no change to judge"),
        pytest.param({"age_min": 46.5}, ["P2"], id="open above"),
    ],
)
def test_filters(table, chosen, kept):
    assert filter_cohort(table, CohortFilter(**chosen))["patient_id"].tolist() == kept


def test_response_is_that_of_the_measure_asked_for(study, table):
    odi = cohort_table(study, measure="odi")

    assert set(table["response_measure"]) == {"nprs"}
    assert set(odi["response_measure"]) == {"odi"}
    assert odi["response"].fillna("none").tolist() == ["responder", "none", "none"]


def test_a_range_says_whom_it_leaves_out_for_want_of_a_value(table):
    assert left_out_unknown(table, CohortFilter(age_min=0)) == {"age": 1}
    assert left_out_unknown(table, CohortFilter(sites=("north",), age_min=0)) == {}
    assert left_out_unknown(table, CohortFilter(age_min=0, is_odi_responder=True)) == {"age": 1, "is_odi_responder": 1}
    assert left_out_unknown(table, CohortFilter(has_flares=True)) == {"has_flares": 1}


def test_every_part_of_a_filter_can_be_taken_away_alone():
    asked = CohortFilter(sites=("north", None), age_min=30, has_flares=False)

    assert dict(asked.parts()) == {
        "sites=north": "site: north",
        "sites=": "site: not recorded",
        "age": "age from 30 years",
        "has_flares": "any flare: no",
    }
    assert asked.without("sites=") == CohortFilter(sites=("north",), age_min=30, has_flares=False)
    assert asked.without("age") == CohortFilter(sites=("north", None), has_flares=False)
    assert asked.without("has_flares") == CohortFilter(sites=("north", None), age_min=30)


@pytest.mark.parametrize(
    "part", [{name: (0, 1)[name.endswith("max")]} for name in CohortFilter.model_fields if name[-4:] in ("_min", "_max")]
)
def test_every_range_has_words(part):
    ((key, words),) = CohortFilter(**part).parts()

    assert words.startswith(words_of(key))
    assert CohortFilter(**part).without(key).is_empty


@pytest.mark.parametrize("name", [name for name in CohortFilter.model_fields if name[-4:] not in ("_min", "_max")])
def test_every_choice_and_every_yes_or_no_has_words(name):
    value = ("some",) if isinstance(CohortFilter.model_fields[name].default, tuple) else True
    ((key, words),) = CohortFilter(**{name: value}).parts()

    assert words.startswith(f"{words_of(name)}: ")
    assert CohortFilter(**{name: value}).without(key).is_empty


def test_filter_gives_back_the_kind_it_got_with_the_same_columns(table):
    kept = filter_cohort(table, CohortFilter(sites=("north",)))

    assert list(kept.columns) == list(table.columns)
    assert kept["is_nprs_responder"].dtype == table["is_nprs_responder"].dtype


def test_an_empty_filter_says_so():
    assert CohortFilter().is_empty
    assert CohortFilter(sites=()).is_empty
    assert not CohortFilter(has_flares=False).is_empty


@pytest.mark.parametrize("wrong", [{"age_min": 60, "age_max": 50}, {"site": ("north",)}, {"age_min": -1}])
def test_impossible_filters_are_refused(wrong):
    with pytest.raises(ValidationError):
        CohortFilter(**wrong)
