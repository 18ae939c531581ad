"""Every error has its own exit code and says what to do."""

import inspect

from ptanalytics import errors


def error_classes() -> list[type[errors.PtAnalyticsError]]:
    return [
        value
        for value in vars(errors).values()
        if inspect.isclass(value) and issubclass(value, errors.PtAnalyticsError) and value is not errors.PtAnalyticsError
    ]


def test_exit_codes_are_unique_and_clear_of_the_reserved_ones() -> None:
    codes = [error.exit_code for error in error_classes()]
    assert len(codes) == len(set(codes))
    # 0 done, 1 unexpected, 2 wrong usage, 3 done with rows set aside; above 125 belongs to shells.
    assert all(4 <= code <= 125 for code in codes)


def test_messages_name_the_file_but_not_its_folder() -> None:
    text = str(errors.UnreadableFileError("/some/private/folder/export.csv", "it is a picture"))
    assert "export.csv" in text
    assert "private" not in text


def test_an_unknown_patient_is_not_repeated() -> None:
    assert "60 patients" in str(errors.UnknownPatientError(60))


def test_each_class_has_a_docstring() -> None:
    assert all(inspect.getdoc(error) for error in error_classes())
