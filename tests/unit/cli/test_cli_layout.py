"""The way of a new user with an export in an unknown shape: check, answer, keep the layout, import."""

import pytest

from ptanalytics.study import open_study

LOG = "Client no;When;Which exercise;Weight (lbs);Pain after;Phone\n" + "".join(
    f"C{n}4711;0{1 + n}/0{1 + n % 8}/2026 18:00;SECRET dog;{n};{(3, 4, -99)[n % 3]};555\n" for n in range(1, 9)
)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "home log.csv"
    path.write_text(LOG, encoding="utf-8")
    return path


def test_check_proposes_how_to_read_a_file_nobody_knows(run, log):
    result = run("check", log)
    assert result.exit_code == 21
    assert "Client no -> sessions.patient_id" in result.stdout
    assert "Never read, because they identify a person: Phone" in result.stdout
    assert "? date_order:" in result.stdout
    assert "must be answered" in result.stderr


def test_with_answers_check_says_what_would_happen_and_how_to_keep_it(run, log):
    result = run("check", log, "--answer", "date_order=day_first")
    assert result.exit_code == 3
    assert "9 read = 5 used + 3 set aside" in result.stdout
    assert "ptanalytics layout" in result.stdout


def test_nothing_shown_holds_a_cell_of_the_file(run, log, clinic):
    answers = ("--answer", "date_order=day_first")
    for result in (run("check", log), run("check", log, *answers), run("layout", log, "--study", clinic, *answers)):
        assert "SECRET" not in result.output
        assert "4711" not in result.output


def test_layout_without_a_place_writes_nothing(run, log):
    result = run("layout", log)
    assert result.exit_code == 0
    assert "Nothing was written" in result.stdout


def test_a_layout_with_open_questions_is_not_kept_in_a_study(run, log, clinic):
    result = run("layout", log, "--study", clinic)
    assert result.exit_code == 21
    assert "date_order" in result.stderr
    assert not list((clinic / "layouts").glob("*.toml"))


def test_a_file_takes_it_with_its_questions(run, log, tmp_path):
    assert run("layout", log, "--out", tmp_path / "mine.toml").exit_code == 0
    assert "QUESTION date_order" in (tmp_path / "mine.toml").read_text(encoding="utf-8")


def test_a_kept_layout_reads_this_and_the_next_export(run, log, clinic, tmp_path):
    answers = ("--answer", "date_order=day_first", "--answer", "missing.pain_after_nprs.-99=yes")
    assert run("layout", log, "--study", clinic, *answers).exit_code == 0
    assert run("import", clinic, log).exit_code == 0
    later = tmp_path / "april.csv"
    later.write_text(LOG.replace("/2026", "/2027"), encoding="utf-8")
    assert run("import", clinic, later).exit_code == 0
    assert open_study(clinic).n_rows("sessions") == 16


def test_a_written_layout_can_be_named_at_import(run, log, clinic, tmp_path):
    run("layout", log, "--out", tmp_path / "mine.toml", "--answer", "date_order=month_first")
    result = run("import", clinic, log, "--layout", tmp_path / "mine.toml")
    assert "5 rows new" in result.stdout


def test_an_answer_must_name_its_question(run, log):
    assert run("layout", log, "--answer", "day_first").exit_code == 2


def test_a_file_without_anything_of_ours_ends_with_its_error(run, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\nx,y\n", encoding="utf-8")
    assert run("check", path).exit_code in (13, 21)


def test_check_says_how_a_known_file_was_read(run, export):
    result = run("check", export)
    assert "Columns read:" in result.stdout
