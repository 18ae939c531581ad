"""A new study: made whole or not at all, and opened again as it was."""

import tomllib
from pathlib import Path

import pytest

from ptanalytics.errors import (
    OutputError,
    SettingsError,
    StudyDamagedError,
    StudyExistsError,
    StudyNotFoundError,
    UnknownTimezoneError,
)
from ptanalytics.settings import default_settings
from ptanalytics.study import create_study, open_study
from ptanalytics.study.toml_text import to_toml


def test_a_new_study_is_empty_and_opens_again_as_it_was_made(tmp_path: Path) -> None:
    create_study(tmp_path / "clinic.study", timezone="Europe/London", settings={"time": {"day_start_hour": 3}})
    study = open_study(tmp_path / "clinic.study")
    assert study.name == "clinic"
    assert study.timezone == "Europe/London"
    assert study.settings.time.day_start_hour == 3
    assert study.settings.adherence == default_settings().adherence
    assert study.cutoff_date is None
    assert study.patient_ids() == []
    assert study.receipts() == []
    assert not study.is_synthetic
    assert study.records_url == f"sqlite:///{(tmp_path / 'clinic.study').resolve().as_posix()}/records.sqlite"


def test_only_what_differs_from_the_defaults_is_written_down(tmp_path: Path) -> None:
    settings = default_settings().with_changes({"outcomes": {"mic": {"odi": 12.0}}, "tuning": {"enabled": True}})
    create_study(tmp_path / "a", timezone="UTC", settings=settings)
    written = tomllib.loads((tmp_path / "a" / "study.toml").read_text(encoding="utf-8"))
    assert written["settings"] == {"outcomes": {"mic": {"odi": 12.0}}, "tuning": {"enabled": True}}
    assert open_study(tmp_path / "a").settings == settings


def test_a_database_named_in_study_toml_holds_the_records(tmp_path: Path) -> None:
    create_study(tmp_path / "a", timezone="UTC")
    with (tmp_path / "a" / "study.toml").open("a", encoding="utf-8") as stream:
        stream.write('records_url = "postgresql://clinic/records"\n')
    assert open_study(tmp_path / "a").records_url == "postgresql://clinic/records"


@pytest.mark.parametrize("timezone", ["Europe/Atlantis", "", "../etc/passwd", "europe/london", "UTC+2"])
def test_an_unknown_time_zone_makes_nothing(tmp_path: Path, timezone: str) -> None:
    with pytest.raises(UnknownTimezoneError, match="IANA"):
        create_study(tmp_path / "a", timezone=timezone)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"buckets": 0}, "1 to 4096 buckets, not 0"),
        ({"buckets": 5000}, "not 5000"),
        ({"settings": {"adherence": {"prorated": "none"}}}, "adherence.prorated"),
        ({"settings": {"time": {"day_start_hour": 24}}}, "time.day_start_hour"),
    ],
)
def test_a_setting_out_of_range_makes_nothing(tmp_path: Path, options: dict[str, object], found: str) -> None:
    with pytest.raises(SettingsError, match=found):
        create_study(tmp_path / "a", timezone="UTC", **options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_an_existing_path_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    for name in ("file", "folder"):
        with pytest.raises(StudyExistsError, match="already exists"):
            create_study(tmp_path / name, timezone="UTC")
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_place_that_cannot_hold_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        create_study(tmp_path / "file" / "a", timezone="UTC")


def test_what_is_no_study_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    for name, found in (("nowhere", "nothing at that path"), ("file", "not a folder"), ("folder", "no study.toml")):
        with pytest.raises(StudyNotFoundError, match=found):
            open_study(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "error", "found"),
    [
        ("study.toml", "name = ", StudyDamagedError, "not valid TOML"),
        ("study.toml", b"name = '\xff'", StudyDamagedError, "not valid TOML"),
        ("study.toml", 'name = "a"', StudyDamagedError, "timezone"),
        ("manifest.json", "{", StudyDamagedError, "manifest.json cannot be read"),
        ("manifest.json", '{"format": 3, "generation": 0}', StudyDamagedError, "format"),
        ("manifest.json", None, StudyDamagedError, "manifest.json is missing"),
    ],
)
def test_a_damaged_study_says_what_is_wrong(
    tmp_path: Path, name: str, content: str | bytes | None, error: type[Exception], found: str
) -> None:
    path = create_study(tmp_path / "a", timezone="UTC").path / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(error, match=found):
        open_study(tmp_path / "a")


def test_a_time_zone_edited_wrongly_is_refused_at_opening(tmp_path: Path) -> None:
    path = create_study(tmp_path / "a", timezone="Europe/London").path / "study.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("London", "Lundun"), encoding="utf-8")
    with pytest.raises(UnknownTimezoneError, match="Lundun"):
        open_study(tmp_path / "a")


def test_changed_settings_are_kept_and_add_up(tmp_path: Path) -> None:
    study = create_study(tmp_path / "a", timezone="UTC")
    study.change_settings({"tuning": {"enabled": True}})
    study.change_settings({"tuning": {"green_max": 3.0}})
    assert study.settings.tuning.enabled
    reopened = open_study(tmp_path / "a").settings.tuning
    assert (reopened.enabled, reopened.green_max) == (True, 3.0)
    before = (tmp_path / "a" / "study.toml").read_bytes()
    with pytest.raises(SettingsError, match="green_maximum"):
        study.change_settings({"tuning": {"green_maximum": 3.0}})
    assert (tmp_path / "a" / "study.toml").read_bytes() == before


@pytest.mark.parametrize(
    "text", ['quote " and \\ backslash', "line\nbreak\ttab", "Zürich – 診療所 🦴", "del \x7f null-ish \x01", "", "a.b"]
)
def test_any_text_survives_toml(text: str) -> None:
    values = {"name": text, "settings": {text or "k": {"x": [text, 1, 2.5, True]}}, "n": 1e-9}
    assert tomllib.loads(to_toml(values)) == values
