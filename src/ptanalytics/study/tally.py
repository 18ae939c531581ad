"""Turn the outcomes of a merge into the receipt's entries."""

from collections.abc import Mapping, Sequence

from ptanalytics.errors import UnreadableFileError
from ptanalytics.loading.receipt import FileReceipt
from ptanalytics.loading.sources import Source
from ptanalytics.study.merging import Outcome
from ptanalytics.study.transaction import Outcomes


def entry_of_known(source: Source) -> FileReceipt:
    """Return the entry of a source that the study holds already: all its rows are there."""
    return source.entry(
        rows_set_aside=0,
        rows_duplicate=source.n_rows,
        rows_new=0,
        rows_changed=0,
        rows_unchanged=source.n_rows,
        rows_removed=0,
    )


def entry_of_source(source: Source, outcomes: Outcomes, source_number: int, *, n_rejected: int) -> FileReceipt:
    """Return the entry of a source whose rows were merged one by one.

    Raises:
        UnreadableFileError: Its rows do not add up to those counted before: the file changed meanwhile.
    """
    n_new, n_changed, n_unchanged, n_repeated, n_conflicts = _counts(outcomes, source_number)
    n_set_aside = n_rejected + n_conflicts
    n_duplicate = n_unchanged + n_repeated
    if n_new + n_changed + n_set_aside + n_duplicate != source.n_rows:
        raise UnreadableFileError(source.path, "it changed while it was read", "Import it when the export has finished.")
    return source.entry(
        rows_set_aside=n_set_aside,
        rows_duplicate=n_duplicate,
        rows_new=n_new,
        rows_changed=n_changed,
        rows_unchanged=n_unchanged,
    )


def entry_of_merging(
    source: Source, outcomes: Outcomes, source_number: int, *, n_rejected: int, lines: Mapping[int, Sequence[int]]
) -> FileReceipt:
    """Return the entry of a source whose layout makes one row of several; it counts the rows of the file.

    Args:
        source: The source.
        outcomes: What became of the rows made.
        source_number: Its number.
        n_rejected: Rows of the file that are not valid.
        lines: The rows of the file behind each row made.
    """

    def n(*chosen: Outcome) -> int:
        return sum(len(lines[row]) for row in outcomes.rows_of(source_number, *chosen))

    n_set_aside, n_duplicate = n_rejected + n("conflict"), n("unchanged", "repeated")
    n_changed = n("changed")
    return source.entry(
        rows_set_aside=n_set_aside,
        rows_duplicate=n_duplicate,
        rows_new=source.n_rows - n_set_aside - n_duplicate - n_changed,
        rows_changed=n_changed,
        rows_unchanged=n("unchanged"),
    )


def entry_of_appended(origin: str, table: str, outcomes: Outcomes) -> FileReceipt:
    """Return the entry of rows that the software made."""
    n_new, n_changed, n_unchanged, n_repeated, _ = _counts(outcomes, 0)
    return FileReceipt(
        file=origin,
        table=table,
        rows_read=n_new + n_changed + n_unchanged + n_repeated,
        rows_used=n_new + n_changed,
        rows_set_aside=0,
        rows_duplicate=n_unchanged + n_repeated,
        rows_ignored=0,
        rows_new=n_new,
        rows_changed=n_changed,
        rows_unchanged=n_unchanged,
    )


def _counts(outcomes: Outcomes, source_number: int) -> tuple[int, int, int, int, int]:
    return (
        outcomes.n(source_number, "new"),
        outcomes.n(source_number, "changed"),
        outcomes.n(source_number, "unchanged"),
        outcomes.n(source_number, "repeated"),
        outcomes.n(source_number, "conflict"),
    )
