"""study.toml: what a person may read and edit about a study."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ptanalytics.errors import SettingsError, StudyDamagedError, StudyNotFoundError, UnknownTimezoneError
from ptanalytics.settings import Settings, default_settings
from ptanalytics.study.durable import replace_file
from ptanalytics.study.toml_text import to_toml

FILE_NAME = "study.toml"
MAX_BUCKETS = 4096


@cache
def _timezones() -> frozenset[str]:
    """Return the names of time zones; each look for them goes through some hundred files."""
    return frozenset(available_timezones())


class StudyDescription(BaseModel):
    """Name, time zone, number of buckets and the study's own settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    timezone: str
    #: The rules the study was made under; every result carries the version it was computed with.
    rules_version: str
    buckets: int = Field(ge=1, le=MAX_BUCKETS)
    is_synthetic: bool = False
    #: Where signed plans live; without it a SQLite file inside the study.
    records_url: str | None = None
    #: Only what differs from reference/defaults.toml.
    settings: dict[str, Any] = {}

    def effective_settings(self) -> Settings:
        """Return the default settings with the study's own changes.

        Raises:
            SettingsError: A setting in study.toml has an unknown name or a value out of range.
        """
        return default_settings().with_changes(self.settings)

    def with_setting_changes(self, changes: Mapping[str, Any]) -> "StudyDescription":
        """Return the description with more changed settings, checked.

        Raises:
            SettingsError: A name is unknown or a value is out of range.
        """
        changed = self.model_copy(update={"settings": _merged(self.settings, changes)})
        changed.effective_settings()
        return changed

    def write(self, study_path: Path) -> None:
        """Write study.toml in one step."""
        values = self.model_dump(exclude_none=True, exclude=None if self.settings else {"settings"})
        replace_file(study_path / FILE_NAME, to_toml(values))


def new_description(
    name: str, *, timezone: str, buckets: int, settings: Mapping[str, Any] | Settings | None, is_synthetic: bool
) -> StudyDescription:
    """Describe a new study, with everything checked before anything is written.

    Raises:
        UnknownTimezoneError: The time zone is not an IANA name.
        SettingsError: The number of buckets or a setting is out of range.
    """
    if timezone not in _timezones():
        raise UnknownTimezoneError(timezone)
    if not 1 <= buckets <= MAX_BUCKETS:
        message = (
            f"A study has 1 to {MAX_BUCKETS} buckets, not {buckets}. A clinic needs 1, a registry of millions of rows 8."
        )
        raise SettingsError(message)
    changes = (
        _differences(settings.model_dump(), default_settings().model_dump()) if isinstance(settings, Settings) else settings
    )
    description = StudyDescription(
        name=name[:200],
        timezone=timezone,
        rules_version=default_settings().rules_version,
        buckets=buckets,
        is_synthetic=is_synthetic,
    )
    return description.with_setting_changes(changes or {})


def read_description(study_path: Path) -> StudyDescription:
    """Read study.toml.

    Raises:
        StudyNotFoundError: The folder or its study.toml is not there.
        StudyDamagedError: study.toml cannot be read or lacks something.
        UnknownTimezoneError: Its time zone is not an IANA name.
    """
    if not study_path.exists():
        raise StudyNotFoundError(study_path, "there is nothing at that path")
    if not study_path.is_dir():
        raise StudyNotFoundError(study_path, "it is a file, not a folder")
    try:
        values = tomllib.loads((study_path / FILE_NAME).read_text(encoding="utf-8"))
        description = StudyDescription.model_validate(values)
    except FileNotFoundError:
        raise StudyNotFoundError(study_path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyDamagedError(study_path, f"{FILE_NAME} is not valid TOML ({error})") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise StudyDamagedError(study_path, f"{FILE_NAME} is wrong ({faults})") from None
    if description.timezone not in _timezones():
        raise UnknownTimezoneError(description.timezone)
    return description


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        inner = merged.get(name, {})
        is_group = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(inner, value) if is_group else value
    return merged


def _differences(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    differences: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            if inner := _differences(value, defaults.get(name, {})):
                differences[name] = inner
        elif value != defaults.get(name):
            differences[name] = value
    return differences
