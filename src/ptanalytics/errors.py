"""Every error a user can meet: what is wrong, what was found, what to do, and its own exit code.

Messages name files, columns, rows and rules. They never carry a patient's value.
"""

from collections.abc import Iterable
from pathlib import Path


class PtAnalyticsError(Exception):
    """Base of all errors meant for users; the command line shows them without a traceback."""

    exit_code = 1


def _some(headings: tuple[str, ...]) -> str:
    """Return the first headings, each at a readable length: a broken file can have thousands of any length."""
    shown = [heading if len(heading) <= 60 else f"{heading[:57]}..." for heading in headings[:40]]
    return ", ".join([*shown, f"and {len(headings) - 40:,} more"] if len(headings) > 40 else shown)


class UnreadableFileError(PtAnalyticsError):
    """A file cannot be read as what it claims to be."""

    exit_code = 10

    def __init__(self, path: Path | str, found: str, to_do: str = "Export it again and retry.") -> None:
        super().__init__(f"{Path(path).name} cannot be read: {found}. {to_do}")


class MissingColumnsError(PtAnalyticsError):
    """A table lacks columns that no known synonym supplies."""

    exit_code = 11

    def __init__(self, missing: Iterable[str], found: Iterable[str] = (), source: str = "") -> None:
        self.missing = tuple(missing)
        super().__init__(
            f"{source or 'The table'} has no column for: {', '.join(self.missing)}. "
            f"It has: {_some(tuple(found)) or 'no columns'}. "
            "If one of these is it, say so in a layout file or with columns={'their name': 'our name'}."
        )


class EmptyExportError(PtAnalyticsError):
    """A file has headings but no rows, or nothing at all."""

    exit_code = 12

    def __init__(self, path: Path | str) -> None:
        super().__init__(f"{Path(path).name} holds no rows. Check that the export finished and covers the dates you want.")


class NothingUsableError(PtAnalyticsError):
    """A folder or list of files holds nothing that can be loaded."""

    exit_code = 13

    def __init__(self, where: Path | str, found: str) -> None:
        super().__init__(
            f"{Path(where).name or where} holds nothing to load: {found}. "
            "Point at a folder with exports, or name a layout with layout=; 'ptanalytics layout FILE' proposes one."
        )


class TableConflictError(PtAnalyticsError):
    """Two files claim to be the same table but do not have the same shape."""

    exit_code = 14

    def __init__(self, table: str, files: Iterable[str], difference: str) -> None:
        super().__init__(
            f"{' and '.join(files)} both look like the table '{table}' but differ: {difference}. "
            "Load them one at a time with a layout each, or move the file that does not belong."
        )


class UnknownTimezoneError(PtAnalyticsError):
    """A time zone name is not in the IANA list."""

    exit_code = 15

    def __init__(self, name: str) -> None:
        super().__init__(
            f"'{name}' is not a time zone this machine knows. Use an IANA name such as Europe/London or America/New_York."
        )


class StudyExistsError(PtAnalyticsError):
    """A new study would overwrite something."""

    exit_code = 16

    def __init__(self, path: Path | str) -> None:
        super().__init__(f"{Path(path).name} already exists. Open it with open_study, or choose another path.")


class StudyNotFoundError(PtAnalyticsError):
    """A path is not a study."""

    exit_code = 17

    def __init__(self, path: Path | str, found: str = "no study.toml there") -> None:
        super().__init__(f"{Path(path).name} is not a study: {found}. Make one with create_study or 'ptanalytics create'.")


class UnknownPatientError(PtAnalyticsError):
    """A patient asked for is not in the study. The message does not repeat the id."""

    exit_code = 18

    def __init__(self, n_patients: int) -> None:
        super().__init__(
            f"The study has no patient with that id; it holds {n_patients} patients. "
            "List them with study.table('patients')."
        )


class AmbiguousDateOrderError(PtAnalyticsError):
    """Every date of a column can be read day-first and month-first."""

    exit_code = 19

    def __init__(self, column: str, source: str) -> None:
        super().__init__(
            f"The dates in column '{column}' of {source} can all be read day-first or month-first. "
            "Say which with date_order='day_first' or date_order='month_first' (on the command line --date-order)."
        )


class AmbiguousEncodingError(PtAnalyticsError):
    """A file is not UTF-8, and its letters can be read in several encodings."""

    exit_code = 36

    def __init__(self, columns: Iterable[str], source: str, encodings: Iterable[str]) -> None:
        super().__init__(
            f"{source} is not UTF-8, and letters in column {_some(tuple(columns))} can be read as {', '.join(encodings)}. "
            "Export it as UTF-8, or say which it is: ptanalytics layout FILE --answer 'encoding=...'."
        )


class StudyBusyError(PtAnalyticsError):
    """Another import holds the study."""

    exit_code = 20

    def __init__(self, path: Path | str) -> None:
        super().__init__(f"Another import is writing to {Path(path).name}. Wait until it has finished and try again.")


class LayoutError(PtAnalyticsError):
    """A layout file is wrong or does not fit."""

    exit_code = 21


class MissingTableError(PtAnalyticsError):
    """An analysis needs a table that was not given or that the study does not hold."""

    exit_code = 22

    def __init__(self, analysis: str, table: str, have: Iterable[str] = ()) -> None:
        super().__init__(
            f"{analysis} needs the table '{table}'. There is: {', '.join(sorted(have)) or 'no table'}. "
            f"Import an export that holds {table}, or pass {table}=... as a frame."
        )


class SettingsError(PtAnalyticsError):
    """A setting has an unknown name or a value outside its range."""

    exit_code = 23


class BrowserMissingError(PtAnalyticsError):
    """No Chrome, Chromium or Edge was found, or it did not answer in time."""

    exit_code = 24

    def __init__(self, purpose: str, found: str = "no Chrome, Chromium or Edge on this machine") -> None:
        super().__init__(
            f"{purpose} needs a browser: {found}. Install Chromium (Debian: apt install chromium) or save as .html instead."
        )


class OutputError(PtAnalyticsError):
    """A result cannot be written where it was asked for."""

    exit_code = 25

    def __init__(self, path: Path | str, found: str, to_do: str = "Choose another place with --out.") -> None:
        super().__init__(f"{Path(path).name} cannot be written: {found}. {to_do}")


class SignOffError(PtAnalyticsError):
    """A plan version cannot be signed as it stands."""

    exit_code = 26


class StudyDamagedError(PtAnalyticsError):
    """A study's files do not agree with its manifest."""

    exit_code = 27

    def __init__(self, path: Path | str, found: str) -> None:
        super().__init__(
            f"The study {Path(path).name} is damaged: {found}. Restore the folder from a copy, "
            "or make a new study and import the exports again."
        )


class InvalidTableError(PtAnalyticsError):
    """A frame passed to an analysis breaks the table's rules."""

    exit_code = 28


class SuggestionsOffError(PtAnalyticsError):
    """Plan suggestions were asked for in a study whose site has not switched them on."""

    exit_code = 29


class ReferenceDataError(PtAnalyticsError):
    """A file under reference/, or a site's own codes, breaks its rules (unknown id, missing source)."""

    exit_code = 30


class StudyChangedError(PtAnalyticsError):
    """A study was imported into more than once since a reader opened it, so what the reader saw is gone."""

    exit_code = 31

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            f"New exports were imported into {Path(path).name} more than once since you opened it. "
            "Call study.refresh() and run the analysis again."
        )


class RecordsUnavailableError(PtAnalyticsError):
    """The database of signed plans cannot be reached or written."""

    exit_code = 32

    def __init__(self, found: str) -> None:
        super().__init__(
            f"The records database cannot be used: {found}. Check that it runs and may be written; "
            "its address is records_url in study.toml (without one it is records.sqlite in the study)."
        )


class RepairSheetError(PtAnalyticsError):
    """A workbook of corrected rows cannot be read back into this study."""

    exit_code = 33

    def __init__(self, path: Path | str, found: str, to_do: str = "Write a new one with write_repair_sheet.") -> None:
        super().__init__(f"{Path(path).name} cannot be read back: {found}. {to_do} Nothing was changed.")


class ImportCancelledError(PtAnalyticsError):
    """Somebody cancelled an import before it was done."""

    exit_code = 34

    def __init__(self) -> None:
        super().__init__("The import was cancelled. The study is as it was; import again to start anew.")


class UndoError(PtAnalyticsError):
    """An import cannot be undone as things stand."""

    exit_code = 35

    def __init__(self, number: int, found: str, to_do: str) -> None:
        super().__init__(f"Import {number} cannot be undone: {found}. {to_do} Nothing was changed.")
