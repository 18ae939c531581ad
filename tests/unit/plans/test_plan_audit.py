import sqlite3
from contextlib import closing

import polars as pl
import pytest

from plan_rows import BRIDGE
from ptanalytics.plans import PlanDraft, PlanRecords
from ptanalytics.plans.audit import entry_hash
from ptanalytics.study import create_study

NG = {"who": "A. Ng", "role": "physical therapist"}


@pytest.fixture(scope="module")
def signed_study(tmp_path_factory):
    """A study whose records have one row or more in every table, and the bytes of its database."""
    study = create_study(tmp_path_factory.mktemp("audit") / "clinic.study", timezone="Europe/London")
    study.append_rows("plans", pl.DataFrame([BRIDGE]), origin="test")
    records = PlanRecords(study)
    records.sign(PlanDraft.start(study, "P1").change("glute_bridge", "reps", 14), **NG, reason="easy")
    records.sign(PlanDraft.start(study, "P1").add("walk", sessions_per_week=3, duration_min=10), **NG, reason="more")
    records.set_goal("P1", category="aerobic", unit="min/week", volume_per_week=150, **NG)
    records.record_flag("P1", "weight_loss", **NG)
    records.enable_suggestions(**NG)
    return study, (study.path / "records.sqlite").read_bytes()


@pytest.fixture
def study(signed_study):
    """The study as it was signed, whatever an earlier test did to its file."""
    made, content = signed_study
    (made.path / "records.sqlite").write_bytes(content)
    return made


@pytest.fixture
def signed(study):
    return PlanRecords(study, repair=False)


def tamper(study, *statements):
    """Write to the file behind the software's back."""
    with closing(sqlite3.connect(study.path / "records.sqlite")) as connection:
        for name in ("audit_trail_no_update", "audit_trail_no_delete"):
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_an_untouched_trail_is_intact(signed):
    assert signed.verify()
    assert signed.verify().n_entries == 5
    assert signed.audit_trail()["n_rows"].tolist() == [3, 4, 1, 1, 1]


@pytest.mark.parametrize("statement", ["UPDATE audit_trail SET who = 'B'", "DELETE FROM audit_trail"])
def test_the_database_itself_refuses_to_change_the_trail(study, signed, statement):
    with closing(sqlite3.connect(study.path / "records.sqlite")) as connection, pytest.raises(sqlite3.DatabaseError):
        connection.execute(statement)

    assert signed.verify()


@pytest.mark.parametrize("column", ["at", "kind", "who", "role", "patient_id", "payload", "previous_sha256", "sha256"])
@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_changed_entry_is_found(study, signed, column, seq):
    tamper(study, f"UPDATE audit_trail SET {column} = 'x' WHERE seq = {seq}")

    assert not signed.verify()


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_removed_entry_is_found(study, signed, seq):
    tamper(study, f"DELETE FROM audit_trail WHERE seq = {seq}")

    assert not signed.verify()


def test_swapped_and_added_entries_are_found(study, signed):
    tamper(
        study,
        "UPDATE audit_trail SET seq = 99 WHERE seq = 1",
        "UPDATE audit_trail SET seq = 1 WHERE seq = 2",
        "UPDATE audit_trail SET seq = 2 WHERE seq = 99",
    )

    assert not signed.verify()


def test_an_entry_put_at_the_end_is_found(study, signed):
    columns = "at, kind, who, role, patient_id, payload, sha256, sha256"
    names = "seq, at, kind, who, role, patient_id, payload, previous_sha256, sha256"
    tamper(study, f"INSERT INTO audit_trail ({names}) SELECT 6, {columns} FROM audit_trail WHERE seq = 5")

    assert not signed.verify()


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("sign_offs", "who", "'B'"),
        ("sign_offs", "reason", "'x'"),
        ("plan_versions", "valid_from_date", "'2020-01-01'"),
        ("plan_rows", "reps", "99"),
        ("plan_rows", "load_kg", "1"),
        ("goals", "volume_per_week", "1"),
        ("flag_events", "event", "'resolved'"),
        ("setting_events", "statement", "'x'"),
    ],
)
def test_a_changed_row_is_found_and_named_without_its_content(study, signed, table, column, value):
    tamper(study, f"UPDATE {table} SET {column} = {value} WHERE id = 1")

    assert signed.verify().faults == (f"row 1 of {table} was changed",)


@pytest.mark.parametrize("table", ["sign_offs", "plan_versions", "plan_rows", "goals", "flag_events", "setting_events"])
def test_removed_and_added_rows_are_found(study, signed, table):
    tamper(study, f"UPDATE {table} SET id = 77 WHERE id = 1")

    assert signed.verify().faults == (
        f"row 77 of {table} was added without an entry",
        f"row 1 of {table} was removed",
    )


def test_cutting_off_the_end_with_its_row_is_found(study, signed):
    tamper(study, "DELETE FROM audit_trail WHERE seq = 5", "DELETE FROM setting_events")

    assert signed.verify().faults == ("the end of the trail was changed or cut off",)


def test_another_reader_sees_the_same(study, signed):
    assert PlanRecords(study, repair=False).verify() == signed.verify()


def test_an_entry_forged_with_its_own_hash_does_not_fit_the_next(study, signed):
    with closing(sqlite3.connect(study.path / "records.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        entry = dict(connection.execute("SELECT * FROM audit_trail WHERE seq = 2").fetchone()) | {"who": "B. Lee"}

    tamper(study, f"UPDATE audit_trail SET who = 'B. Lee', sha256 = '{entry_hash(entry)}' WHERE seq = 2")

    assert signed.verify().faults == ("entry 3 does not follow from the one before it",)
