"""The one-page review: order, numbers of the analyses, recorded flags, no wording that decides."""

import re

import pandas as pd
import pytest

import ptanalytics as pta
from ptanalytics.charts.wording import number_text
from ptanalytics.errors import UnknownPatientError
from ptanalytics.reports.content import Figure, KeyNumbers, Paragraph


@pytest.fixture(scope="module")
def patient(study):
    """Somebody with a daily-pain follow-up at week 12."""
    changes = pta.changes(study)
    rows = changes[(changes["measure"] == "nprs") & (changes["target_week"] == 12) & changes["improvement"].notna()]
    return rows["patient_id"].iloc[0]


@pytest.fixture(scope="module")
def review(study, patient):
    return pta.patient_review(study, patient)


def _keys(report):
    block = next(b for b in report.blocks if isinstance(b, KeyNumbers))
    return {what: (value, basis) for what, value, basis in block.items}


def test_the_order_is_fixed(review):
    kinds = [
        type(block).__name__ for block in review.blocks if not (isinstance(block, Paragraph) and block.kind == "alert")
    ]

    assert kinds == ["Paragraph", "KeyNumbers", "Paragraph", "Paragraph", "Figure", "Figure", "Figure", "Figure"]
    assert [f.caption for f in review.figures()] == ["Pain", "Adherence calendar", "Questionnaires", "Plan"]
    assert review.is_one_page


def test_sufficiency_counts_are_the_analyses(review, study, patient):
    summary = pta.adherence_summary(study, patients=[patient]).iloc[0]
    pain = pta.daily_pain(study, patients=[patient])
    span = (pain["date"].max() - pain["date"].min()).days + 1

    line = next(b.text for b in review.blocks if isinstance(b, Paragraph) and b.kind == "lead")

    assert f"{summary['days_with_entry']}/{summary['eligible_days']}" in line
    assert f"{len(pain)}/{span}" in line


def test_key_numbers_are_the_analyses(review, study, patient):
    changes = pta.changes(study, patients=[patient]).query("measure == 'nprs' and target_week == 12").iloc[0]
    summary = pta.adherence_summary(study, patients=[patient]).iloc[0]

    keys = _keys(review)

    value, basis = keys["Pain, daily log"]
    assert value == f"{number_text(changes['baseline'])} → {number_text(changes['followup'])}"
    assert "week 12" in basis
    assert ("at least the MIC of 2" in basis) == (changes["is_responder_absolute"] or changes["is_deteriorated"])
    assert keys["Adherence"][0] == f"{number_text(summary['adherence_pct'], 0)} %"
    assert keys["Adherence"][1].startswith(f"{summary['counted']} of {number_text(summary['prescribed'])} sessions")


def test_the_arithmetic_of_the_key_numbers_stands_under_them(review, study, patient):
    (line,) = [b.text for b in review.blocks if isinstance(b, Paragraph) and b.text.startswith("How the numbers")]
    change = pta.explain_outcome(study, patient, number="changes", measure="nprs", target_week=12)

    assert change.brief in line
    assert "Present pain: (" in line
    assert len(line) < 700


def test_an_unresolved_flag_stands_on_top_and_a_resolved_one_does_not(study):
    flags = study.table("flags")
    banners = {}
    for row in flags.itertuples():
        report = pta.patient_review(study, row.patient_id)
        banners[pd.isna(row.resolved_at)] = isinstance(report.blocks[0], Paragraph) and report.blocks[0].kind == "alert"

    assert banners == {True: True, False: False}


def test_without_a_recorded_flag_nothing_is_claimed(review, study, patient):
    assert patient not in set(study.table("flags")["patient_id"])
    text = " ".join(b.text for b in review.blocks if isinstance(b, Paragraph))
    assert "flag" not in text.lower()


def test_nothing_decides(review):
    words = " ".join([review.title, review.subtitle, *(b.text for b in review.blocks if isinstance(b, Paragraph))])
    words += " ".join(" ".join(item) for item in next(b for b in review.blocks if isinstance(b, KeyNumbers)).items)
    words += " ".join(f.figure.layout.meta["alt"] for f in review.figures())

    assert not re.findall(r"\b(must|should|recovering|at risk|safe|good|poor|excellent|compliant)\b", words, re.IGNORECASE)
    assert "For clinician review" in review.subtitle


def test_every_patient_of_the_clinic_has_a_review(study):
    for patient in study.patient_ids()[::7]:
        report = pta.patient_review(study, patient)
        assert len(report.figures()) == 4
        assert all(isinstance(f, Figure) and f.figure.layout.meta["alt"] for f in report.figures())


def test_a_patient_without_any_log_gets_a_page_that_says_so(trial_study):
    report = pta.patient_review(trial_study, "T00")

    assert "no day with a plan in force" in report.blocks[0].text
    assert "Pain: no rating" in report.blocks[0].text
    said = [a.text for f in report.figures() for a in f.figure.layout.annotations if a.name == "missing"]
    assert len(said) == 3


def test_an_unknown_patient_is_refused_without_repeating_the_id(study):
    with pytest.raises(UnknownPatientError) as error:
        pta.patient_review(study, "Jane Doe")
    assert "Jane" not in str(error.value)
