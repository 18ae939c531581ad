"""Settings are frozen, complete, and refuse unknown names."""

import pytest
from pydantic import ValidationError

from ptanalytics.errors import SettingsError
from ptanalytics.settings import default_settings


def test_defaults_are_those_of_the_clinical_methods() -> None:
    settings = default_settings()
    assert settings.adherence.session_min_fraction == 0.5
    assert settings.adherence.headline == "weekly_capped"
    assert settings.adherence.excused == {
        "clinician_hold": True,
        "hospital": True,
        "illness": True,
        "holiday": False,
        "data_gap": True,
    }
    assert settings.outcomes.flare.delta == 2
    assert settings.outcomes.slope.min_points == 5
    assert settings.scoring.odi_min_answered == 8
    assert settings.privacy.suppress_below == 11


def test_suggestions_are_off_unless_the_site_switches_them_on() -> None:
    assert default_settings().tuning.enabled is False


def test_changes_replace_only_what_they_name() -> None:
    changed = default_settings().with_changes({"adherence": {"prorate": "none", "excused": {"holiday": True}}})
    assert changed.adherence.prorate == "none"
    assert changed.adherence.excused["holiday"] is True
    assert changed.adherence.excused["hospital"] is True
    assert changed.outcomes == default_settings().outcomes


@pytest.mark.parametrize(
    "changes",
    [
        {"adherence": {"prorata": "none"}},
        {"adherence": {"prorate": "half"}},
        {"time": {"day_start_hour": 24}},
        {"nonsense": 1},
    ],
    ids=["unknown name", "unknown choice", "out of range", "unknown group"],
)
def test_a_wrong_setting_is_refused_with_its_name(changes: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as caught:
        default_settings().with_changes(changes)
    group = next(iter(changes))
    assert group in str(caught.value)
    assert caught.value.exit_code == 23


def test_settings_cannot_be_altered_in_place() -> None:
    with pytest.raises(ValidationError):
        default_settings().adherence.prorate = "none"  # type: ignore[misc]
