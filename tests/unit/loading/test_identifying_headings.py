"""Headings that identify a person by their words, and those that only look like it."""

import pytest

from ptanalytics.loading.names import identifying_category


@pytest.mark.parametrize(
    ("heading", "category"),
    [
        ("next_of_kin_contact_name", "A names"),
        ("name_last", "A names"),
        ("ec_phone", "D telephone numbers"),
        ("telephone_1", "D telephone numbers"),
        ("Home address line 2", "B places smaller than a state"),
        ("contactEmail", "F e-mail addresses"),
        ("dob_entered", "C dates of a person other than the year"),
    ],
    ids=str,
)
def test_a_word_of_the_heading_tells(heading, category):
    assert identifying_category(heading) == category


@pytest.mark.parametrize(
    "heading", ["Exercise Name", "Last exercise name", "Workout Name", "Instrument name", "hotel", "Pain now"], ids=str
)
def test_other_names_are_no_persons(heading):
    assert identifying_category(heading) is None
