"""Same seed, same bytes; and what the repository ships is what the generator writes."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from ptanalytics.errors import OutputError
from ptanalytics.samples import write_samples

SHIPPED = Path(__file__).parents[3] / "data" / "samples"


def fingerprints(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_second_run_gives_the_same_bytes(clinic, tmp_path):
    again = write_samples(tmp_path)

    assert fingerprints(again.folder) == fingerprints(clinic.folder)


def test_another_seed_tells_another_story(clinic, tmp_path):
    other = write_samples(tmp_path, seed=7)

    before, after = fingerprints(clinic.folder), fingerprints(other.folder)
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] == after[name]] == []


def test_a_run_names_every_file_it_wrote(clinic):
    assert {path.relative_to(clinic.folder).as_posix() for path in clinic.files} == set(fingerprints(clinic.folder))


def test_the_shipped_samples_are_what_the_generator_writes(clinic):
    written, shipped = fingerprints(clinic.folder), fingerprints(SHIPPED)
    assert written.keys() == shipped.keys()
    # Another machine's zlib may pack a workbook differently, so of workbooks the unpacked members are compared.
    assert [name for name in written if written[name] != shipped[name] and not name.endswith(".xlsx")] == []
    for name in (name for name in written if name.endswith(".xlsx")):
        assert members(clinic.folder / name) == members(SHIPPED / name)


def members(workbook: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(workbook) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_workbook_carries_no_clock(clinic):
    with zipfile.ZipFile(clinic.messy / "south_clinic.xlsx") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026-06-29T07:00:00Z" in archive.read("docProps/core.xml")


def test_samples_stay_small(clinic):
    assert sum(path.stat().st_size for path in clinic.files) < 3_000_000


def test_a_second_run_leaves_other_files_alone(tmp_path):
    kept = tmp_path / "clean" / "mine.txt"
    kept.parent.mkdir()
    kept.write_text("mine")

    write_samples(tmp_path)

    assert kept.read_text() == "mine"


def test_a_place_that_cannot_be_written_ends_in_one_sentence(tmp_path):
    (tmp_path / "taken").write_text("a file where a folder is needed")

    with pytest.raises(OutputError, match="taken cannot be written"):
        write_samples(tmp_path / "taken")
