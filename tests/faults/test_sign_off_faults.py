"""A sign-off that is cut short: the signature is either stored with everything or not at all, and never lost."""

import subprocess
import sys
import textwrap

import polars as pl
import pytest

from plan_rows import BRIDGE
from ptanalytics.errors import StudyBusyError
from ptanalytics.plans import PlanDraft, PlanRecords, current_plan
from ptanalytics.plans import signing as signing_module
from ptanalytics.study import Study, create_study, open_study

NG = {"who": "A. Ng", "role": "physical therapist", "reason": "easy"}

KILLED = """
import os, sys
from ptanalytics.plans import PlanDraft, PlanRecords, audit, records, signing
from ptanalytics.study import Study, open_study
study = open_study(sys.argv[1])
point = sys.argv[2]
if point == "before the audit entry":
    signing.append_entry = lambda *a, **k: os._exit(9)
elif point == "before the commit":
    real = signing.store_version
    def stop(*a, **k):
        real(*a, **k)
        os._exit(9)
    records.store_version = stop
elif point == "before the study":
    Study.append_rows = lambda *a, **k: os._exit(9)
draft = PlanDraft.start(study, "P1").change("glute_bridge", "reps", 14)
PlanRecords(study).sign(draft, who="A. Ng", role="physical therapist", reason="easy")
"""


@pytest.fixture
def study(tmp_path):
    made = create_study(tmp_path / "clinic.study", timezone="Europe/London")
    made.append_rows("plans", pl.DataFrame([BRIDGE]), origin="test")
    return made


def sign_and_die(study, point):
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), str(study.path), point], check=False)
    assert killed.returncode == 9
    return open_study(study.path)


@pytest.mark.parametrize("point", ["before the audit entry", "before the commit"])
def test_killed_before_the_commit_nothing_is_signed(study, point):
    after = sign_and_die(study, point)

    records = PlanRecords(after)

    assert records.history("P1").empty
    assert (records.verify().is_intact, records.verify().n_entries) == (True, 0)
    assert current_plan(after, "P1")["plan_version"].tolist() == [1]


def test_killed_after_the_commit_the_version_reaches_the_study_when_records_are_opened(study):
    after = sign_and_die(study, "before the study")
    assert current_plan(after, "P1")["plan_version"].tolist() == [1]

    records = PlanRecords(after)

    assert current_plan(after, "P1")[["plan_version", "reps"]].to_numpy().tolist() == [[2, 14.0]]
    assert records.history("P1")["plan_version"].tolist() == [2]
    assert records.verify()


def test_syncing_again_changes_nothing(study):
    after = sign_and_die(study, "before the study")
    records = PlanRecords(after)
    fingerprint, receipts = after.data_fingerprint, len(after.receipts())

    assert records.sync() == 0

    assert (after.data_fingerprint, len(after.receipts())) == (fingerprint, receipts)


def test_a_second_person_cannot_sign_over_a_version_that_is_not_in_the_study_yet(study):
    after = sign_and_die(study, "before the study")
    unrepaired = PlanRecords(after, repair=False)
    draft = PlanDraft.start(after, "P1").change("glute_bridge", "reps", 13)

    with pytest.raises(Exception, match="version 2 is the newest"):
        unrepaired.sign(draft, **NG)


def test_a_busy_study_keeps_the_signature_and_gets_the_rows_later(study, monkeypatch):
    records = PlanRecords(study)
    draft = PlanDraft.start(study, "P1").change("glute_bridge", "reps", 14)
    real = Study.append_rows

    def busy(self, *_args, **_options):
        raise StudyBusyError(self.path)

    monkeypatch.setattr(Study, "append_rows", busy)
    signed = records.sign(draft, **NG)
    monkeypatch.setattr(Study, "append_rows", real)

    assert not signed.is_in_study
    assert records.history("P1")["plan_version"].tolist() == [2]
    assert records.sync() == 1
    assert current_plan(study, "P1")["reps"].tolist() == [14.0]


def test_an_import_over_a_signed_version_is_put_right(study):
    records = PlanRecords(study)
    records.sign(PlanDraft.start(study, "P1").change("glute_bridge", "reps", 14), **NG)
    signed = current_plan(study, "P1")

    study.append_rows("plans", signed.assign(reps=99.0), origin="an export")
    assert current_plan(study, "P1")["reps"].tolist() == [99.0]

    assert records.sync() == 1
    assert current_plan(study, "P1")["reps"].tolist() == [14.0]


def test_a_failure_while_storing_leaves_no_half_version(study, monkeypatch):
    records = PlanRecords(study)

    def fail(*_args, **_options):
        message = "disk trouble"
        raise RuntimeError(message)

    monkeypatch.setattr(signing_module, "append_entry", fail)
    with pytest.raises(RuntimeError):
        records.sign(PlanDraft.start(study, "P1").change("glute_bridge", "reps", 14), **NG)

    assert records.history("P1").empty
    assert records.verify()
