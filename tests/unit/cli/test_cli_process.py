"""The command line as a user runs it: a process of its own, with its streams and exit codes."""

import os
import subprocess
import sys

import pytest

from ptanalytics import errors


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "ptanalytics.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
        **options,
    )


def test_a_whole_way_in_processes(tmp_path, export):
    study = tmp_path / "clinic.study"

    assert run("create", study, "--timezone", "Europe/London").returncode == 0
    imported = run("import", study, export)

    assert imported.returncode == 3
    assert imported.stderr == ""  # progress is for terminals
    assert "2 used + 1 set aside" in imported.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["import", "none.study", "none.csv"], errors.StudyNotFoundError.exit_code),
        (["create", "a.study", "--timezone", "Mars/Olympus"], errors.UnknownTimezoneError.exit_code),
        (["create", "a.study"], 2),
        (["frobnicate"], 2),
    ],
    ids=["unknown study", "unknown time zone", "option missing", "unknown command"],
)
def test_no_traceback_whatever_goes_wrong(tmp_path, arguments, exit_code):
    done = run(*arguments, cwd=tmp_path)

    assert done.returncode == exit_code
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_help_loads_no_data_library():
    code = (
        "import sys\n"
        "sys.argv = ['ptanalytics', '--help']\n"
        "from ptanalytics.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'polars', 'plotly', 'sqlalchemy', 'pydantic', 'jupyterlab'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_version(tmp_path):
    done = run("--version")

    assert done.stdout.startswith("ptanalytics ")


def test_output_that_nobody_reads_is_no_crash(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [sys.executable, "-m", "ptanalytics.cli", "samples", str(tmp_path / "s")],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)

    assert b"Traceback" not in done.stderr
