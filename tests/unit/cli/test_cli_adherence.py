"""``ptanalytics adherence``: cohort numbers on the screen, patients only in a file, small counts not at all."""

import polars as pl
import pytest


@pytest.fixture
def followed(run, clinic, tmp_path):
    """A study of three patients with a plan and a few sessions."""
    folder = tmp_path / "log"
    folder.mkdir()
    plans = ["patient_id,plan_version,exercise_id,valid_from_date,sessions_per_week"]
    sessions = ["patient_id,session_id,exercise_id,started_at"]
    for number in range(3):
        plans.append(f"SECRET-{number},1,glute_bridge,2026-03-02,3")
        sessions += [f"SECRET-{number},s{day},glute_bridge,2026-03-0{day}T09:00:00" for day in (2, 4, 6)[: number + 1]]
    (folder / "plans.csv").write_text("\n".join(plans) + "\n", encoding="utf-8")
    (folder / "sessions.csv").write_text("\n".join(sessions) + "\n", encoding="utf-8")
    assert run("import", clinic, folder).exit_code == 0
    return clinic


def test_small_counts_are_not_shown_unless_asked_for_inside(run, followed):
    outside, inside = run("adherence", followed), run("adherence", followed, "--inside")

    assert outside.exit_code == inside.exit_code == 0
    assert "fewer than 11 patients, not shown" in outside.stdout
    assert "median" not in outside.stdout
    assert "(headline): median" in inside.stdout
    assert "3 patients" in inside.stdout


def test_no_id_is_printed(run, followed, tmp_path):
    done = run("adherence", followed, "--inside", "--out", tmp_path / "a.xlsx")
    assert done.exit_code == 0
    assert "SECRET" not in done.output


def test_tables_are_written(run, followed, tmp_path):
    assert run("adherence", followed, "--out", tmp_path / "a.csv").exit_code == 0
    summary = pl.read_csv(tmp_path / "a.csv")
    assert summary["patient_id"].to_list() == ["SECRET-0", "SECRET-1", "SECRET-2"]
    assert {path.name for path in tmp_path.glob("a-*.csv")} == {
        f"a-{name}.csv" for name in ("weeks", "dose", "coverage", "definitions", "by_patient")
    }


def test_a_place_that_cannot_be_written_is_said_before_anything_is_computed(run, followed, tmp_path):
    done = run("adherence", followed, "--out", tmp_path / "a.txt")
    assert done.exit_code == 25
    assert "Use .csv or .xlsx" in done.stderr


def test_a_study_without_plans_says_what_is_missing(run, clinic):
    assert run("adherence", clinic).exit_code == 22
