"""``ptanalytics outcomes``: counts on the screen, patients only in the file."""

import re

import pytest

from trouble_clinic import tables


@pytest.fixture
def study(run, clinic, tmp_path):
    folder = tmp_path / "totals"
    folder.mkdir()
    patients = "patient_id,enrolled_date\n" + "".join(f"SECRET-{i},2026-03-02\n" for i in range(3))
    (folder / "patients.csv").write_text(patients, encoding="utf-8")
    items = [("SECRET-0", "R1", "2026-03-02 09:00", f"phq9_{i}", 1) for i in range(1, 10)]
    lines = ["patient_id,response_id,completed_at,instrument_id,item_id,answer"]
    lines += [f"{p},{r},{t},phq9,{item},{answer}" for p, r, t, item, answer in items]
    for i in range(3):
        for response, day, answer in (("A", "2026-03-02 10:00", 4), ("B", "2026-05-25 10:00", 1)):
            lines += [f"SECRET-{i},{response},{day},odi,odi_{n},{answer}" for n in range(1, 11)]
    (folder / "responses.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert run("import", clinic, folder).exit_code == 0
    return clinic


def test_counts_are_on_the_screen_and_no_patient(run, study):
    result = run("outcomes", study, "--measure", "odi")

    assert result.exit_code == 0
    assert "Oswestry Disability Index: 3 of 3 have a change\n" in result.stdout
    assert "responders, with a follow-up: 3/3, 95 % Wilson interval 44 to 100 %" in result.stdout
    assert "responders, all starters: 3/3" in result.stdout
    assert "minimal important change: 10 (Ostelo" in result.stdout
    assert "For clinician review: 1 form(s) of 1 patient(s)" in result.stdout
    assert "SECRET" not in result.output


def test_each_patients_numbers_are_in_the_file(run, study, tmp_path):
    result = run("outcomes", study, "--measure", "odi", "--out", tmp_path / "o.csv")

    assert result.exit_code == 0
    assert "Wrote 4 tables to 4 files" in result.stdout
    assert "no data for it: pain_trend, pain_plateau" in result.stdout
    assert "SECRET-0,odi,12,80.0" in (tmp_path / "o.csv").read_text(encoding="utf-8").replace("'", "")
    assert "alert_phq9_9" in (tmp_path / "o-scores.csv").read_text(encoding="utf-8")


@pytest.fixture
def troubled(run, clinic, tmp_path):
    folder = tmp_path / "troubles"
    folder.mkdir()
    for name, table in tables().items():
        table.write_csv(folder / f"{name}.csv", datetime_format="%Y-%m-%d %H:%M")
    assert run("import", clinic, folder).exit_code == 0
    return clinic


def test_a_study_of_troubles_is_counted_without_nan(run, troubled, tmp_path):
    result = run("outcomes", troubled, "--out", tmp_path / "o.csv")

    assert result.exit_code == 0
    assert "Oswestry Disability Index: 2 of 10 have a change" in result.stdout
    assert "responders, with a follow-up: 0/2, 95 % Wilson interval 0 to 66 %" in result.stdout
    assert "responders, all starters: 0/6" in result.stdout
    assert "in neither: 4 without baseline" in result.stdout
    for reason in ("blank", "out of range", "mixed instruments", "unknown instrument"):
        assert reason in result.stdout
    written = [path.read_text(encoding="utf-8") for path in tmp_path.glob("o*.csv")]
    assert len(written) == 10
    assert not any(re.search(r"(^|,)(nan|inf|-inf)(,|$)", text, re.MULTILINE | re.IGNORECASE) for text in written)
    assert "nan" not in result.stdout.lower()


@pytest.mark.parametrize("command", ["table-one", "report"])
def test_table_and_report_of_a_study_of_troubles_hold_no_nan(run, troubled, tmp_path, command):
    result = run(command, troubled, "--inside", "--out", tmp_path / "r.html")

    assert result.exit_code == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    shown = re.sub(r"<script.*?</script>|<style.*?</style>", "", page, flags=re.DOTALL)
    assert len(shown) > 1000
    assert not re.search(r"\b(nan|inf|NaT)\b", shown)


def test_an_unknown_measure_ends_in_a_sentence(run, study):
    result = run("outcomes", study, "--measure", "odi_9")

    assert result.exit_code not in (0, 1)
    assert "no such instrument" in result.output


def test_a_wrong_file_type_is_refused_before_the_study_is_read(run, tmp_path):
    result = run("outcomes", tmp_path / "nothing.study", "--out", tmp_path / "o.pdf")

    assert result.exit_code not in (0, 1)
    assert ".csv or .xlsx" in result.output


def test_where_each_number_comes_from_is_in_the_file_and_not_on_the_screen(run, study, tmp_path):
    result = run("outcomes", study, "--explain", "SECRET-1", "--out", tmp_path / "why.csv")

    assert result.exit_code == 0
    assert "numbers of 1 patient in 3 files" in result.stdout
    assert "SECRET" not in result.output
    assert "why" not in result.stdout  # a file's name may hold the id
    numbers = (tmp_path / "why.csv").read_text(encoding="utf-8")
    assert "improved by 60 points; response by the rule of the settings." in numbers
    arithmetic = (tmp_path / "why-arithmetic.csv").read_text(encoding="utf-8")
    assert "Percent of what was possible: 100 x 40 / (5 x 10) = 80." in arithmetic
    readings = (tmp_path / "why-readings.csv").read_text(encoding="utf-8").splitlines()
    header, items = readings[0].split(","), [line for line in readings if ",odi_10," in line]
    assert header[:4] == ["number", "measure", "target_week", "day"]
    assert len(items) == 2
    assert "SECRET-0" not in "".join(readings)


def test_week_and_measure_choose_what_is_explained(run, study, tmp_path):
    asked = ("--measure", "odi", "--week", "11", "--out", tmp_path / "why.csv")

    assert run("outcomes", study, "--explain", "SECRET-1", *asked).exit_code == 0

    lines = (tmp_path / "why.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[:3] for line in lines if line.startswith("changes,")] == [["changes", "odi", "11"]]


def test_an_explanation_needs_a_file(run, study):
    result = run("outcomes", study, "--explain", "SECRET-1")

    assert result.exit_code not in (0, 1)
    assert "a patient's numbers are never printed" in " ".join(result.output.replace("│", " ").split())
    assert "SECRET" not in result.output


def test_an_unknown_patient_cannot_be_explained_and_is_not_repeated(run, study, tmp_path):
    result = run("outcomes", study, "--explain", "SECRET-99", "--out", tmp_path / "why.xlsx")

    assert result.exit_code not in (0, 1)
    assert "no patient with that id" in result.output
    assert "SECRET" not in result.output
    assert not (tmp_path / "why.xlsx").exists()
