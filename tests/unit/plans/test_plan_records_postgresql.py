"""Signed plans in a real PostgreSQL: several people sign at once, the trail is append-only, the server goes away."""

import subprocess
import sys

import polars as pl
import pytest
import sqlalchemy as sa

from plan_rows import BRIDGE
from postgresql_server import programs, running_server
from ptanalytics.errors import RecordsUnavailableError, SignOffError
from ptanalytics.plans import PlanDraft, PlanRecords, current_plan
from ptanalytics.study import create_study, open_study

pytestmark = pytest.mark.skipif(programs() is None, reason="no PostgreSQL server is installed on this machine")

SIGN = """
import sys
from ptanalytics.errors import SignOffError
from ptanalytics.plans import PlanDraft, PlanRecords
from ptanalytics.study import open_study
study = open_study(sys.argv[1])
draft = PlanDraft.start(study, "P1").change("glute_bridge", "reps", 14)
records = PlanRecords(study)
print("ready", flush=True)
sys.stdin.readline()
try:
    records.sign(draft, who=sys.argv[2], role="physical therapist", reason="easy")
except SignOffError:
    sys.exit(7)
"""


def engine(address):
    return sa.create_engine(address, poolclass=sa.NullPool)


@pytest.fixture(scope="module")
def server():
    with running_server() as address:
        yield address


@pytest.fixture
def database(server):
    """The address of an empty database."""
    with engine(server).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        number = connection.scalar(sa.text("SELECT count(*) FROM pg_database"))
        connection.execute(sa.text(f"CREATE DATABASE records_{number}"))
    return server.removesuffix("postgres") + f"records_{number}"


@pytest.fixture
def study(tmp_path, database):
    path = tmp_path / "clinic.study"
    create_study(path, timezone="Europe/London")
    with (path / "study.toml").open("a", encoding="utf-8") as stream:
        stream.write(f'records_url = "{database}"\n')
    made = open_study(path)
    made.append_rows("plans", pl.DataFrame([BRIDGE]), origin="test")
    return made


def sign(study, reps=14):
    draft = PlanDraft.start(study, "P1").change("glute_bridge", "reps", reps)
    return PlanRecords(study).sign(draft, who="A. Ng", role="physical therapist", reason="easy")


def test_a_signed_draft_is_the_plan_and_no_file_is_made(study):
    signed = sign(study)

    assert (signed.plan_version, signed.is_in_study) == (2, True)
    assert current_plan(study, "P1")[["plan_version", "reps"]].to_numpy().tolist() == [[2, 14.0]]
    assert PlanRecords(open_study(study.path)).history("P1")["who"].tolist() == ["A. Ng"]
    assert not (study.path / "records.sqlite").exists()


def test_of_four_people_who_sign_at_once_one_succeeds(study):
    people = [
        subprocess.Popen(
            [sys.executable, "-c", SIGN, str(study.path), who],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for who in ("A. Ng", "B. Lee", "C. Roy", "D. Fox")
    ]
    for person in people:
        assert person.stdout.readline() == "ready\n"
    for person in people:
        person.stdin.write("\n")
        person.stdin.flush()
    codes = sorted(person.wait(timeout=120) for person in people)
    for person in people:
        person.stdin.close()
        person.stdout.close()

    assert codes == [0, 7, 7, 7]
    records = PlanRecords(open_study(study.path))
    assert records.history("P1")["plan_version"].tolist() == [2]
    assert records.verify().is_intact
    assert records.verify().n_entries == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_trail SET who = 'x'", "DELETE FROM audit_trail"], ids=["update", "delete"]
)
def test_the_audit_trail_only_grows(study, database, statement):
    sign(study)

    with (
        pytest.raises(sa.exc.DatabaseError, match="append-only"),
        engine(database).begin() as connection,
    ):
        connection.exec_driver_sql(statement)

    assert PlanRecords(study).verify().is_intact


def test_a_change_behind_the_trail_is_noticed(study, database):
    sign(study)
    with engine(database).begin() as connection:
        connection.exec_driver_sql("UPDATE plan_rows SET reps = 99")

    assert not PlanRecords(study).verify().is_intact


def test_a_stale_draft_is_refused(study):
    early, late = (PlanDraft.start(study, "P1").change("glute_bridge", "reps", reps) for reps in (14, 13))
    PlanRecords(study).sign(early, who="A. Ng", role="physical therapist", reason="x")

    with pytest.raises(SignOffError, match="somebody else changed the plan"):
        PlanRecords(study).sign(late, who="B. Lee", role="physical therapist", reason="y")


def test_a_server_that_went_away_is_one_sentence_without_the_address(tmp_path):
    path = tmp_path / "clinic.study"
    create_study(path, timezone="Europe/London")
    with running_server() as address, (path / "study.toml").open("a", encoding="utf-8") as stream:
        stream.write(f'records_url = "{address}"\n')

    with pytest.raises(RecordsUnavailableError) as caught:
        PlanRecords(open_study(path))

    assert "127.0.0.1" not in str(caught.value)
    assert "does not answer" in str(caught.value)
