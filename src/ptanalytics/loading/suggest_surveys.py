"""Files of survey services: columns that are about the response and not the person, and responses that are tests."""

from collections.abc import Sequence

from ptanalytics.loading.layout_parts import SetAside
from ptanalytics.loading.layouts import same_heading

#: Headings that only a Qualtrics export has together, and those of an export of Assessment Center (PROMIS).
_QUALTRICS = frozenset({"startdate", "enddate", "recordeddate", "responseid", "status"})
_ASSESSMENT_CENTER = frozenset({"pin", "assmnt", "instr", "tscore"})
_BEGAN, _ENDED = "startdate", "enddate"


def is_qualtrics(headings: Sequence[str]) -> bool:
    """Say whether a file has the columns that Qualtrics writes about each response.

    Example:
        >>> is_qualtrics(["StartDate", "EndDate", "Status", "ResponseId", "RecordedDate", "Q1"])
        True
    """
    return {same_heading(heading) for heading in headings} >= _QUALTRICS


def about_responses(headings: Sequence[str]) -> tuple[str, ...]:
    """Return the headings that hold when a response began and ended, which is no day of a treatment or plan."""
    times = (_BEGAN, _ENDED) if is_qualtrics(headings) else ()
    return tuple(heading for heading in headings if same_heading(heading) in times)


def test_responses(headings: Sequence[str]) -> tuple[SetAside, ...]:
    """Return which rows are tests of the survey and no answers of a participant."""
    by_name = {same_heading(heading): heading for heading in headings}
    if is_qualtrics(headings):
        reason = "the response is a preview, a test or spam, not a participant's"
        words = ("Survey Preview", "Survey Test", "Spam", "1", "4", "8")
        return (SetAside(column=by_name["status"], equals=words, rule="test_response", reason=reason),)
    if "consent" in by_name and set(by_name) >= _ASSESSMENT_CENTER:
        consent = by_name["consent"]
        return (
            SetAside(column=consent, equals=("3",), rule="test_response", reason="the row is a test of the survey"),
            SetAside(column=consent, equals=("2",), rule="no_consent", reason="the person did not consent"),
        )
    return ()
