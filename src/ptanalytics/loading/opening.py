"""Open a file as text tables, in the written form that a layout given or saved says."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ptanalytics.errors import AmbiguousEncodingError, PtAnalyticsError
from ptanalytics.loading.layouts import Layout, TextForm, same_heading
from ptanalytics.loading.names import known_headings
from ptanalytics.loading.readers import TextTable, read_text_tables
from ptanalytics.loading.readers.fhir_codes import with_site_codes

_Opened = TypeVar("_Opened")
_TEXT = (".csv", ".tsv", ".txt")
#: Larger files make use of all cores on their own.
_SMALL_BYTES = 32 << 20
_AT_ONCE, _AHEAD = 2, 6


def opened_ahead(
    paths: Iterable[Path], open_one: Callable[[Path], _Opened]
) -> Iterator[tuple[Path, Callable[[], _Opened]]]:
    """Give each file with what opens it; small text files are opened on other threads while those before are looked at.

    Example:
        >>> [open_it() for _, open_it in opened_ahead([Path("a.csv"), Path("b.xlsx")], lambda path: path.stem)]
        ['a', 'b']
    """
    waiting: deque[tuple[Path, Future[_Opened] | None]] = deque()

    def next_one() -> tuple[Path, Callable[[], _Opened]]:
        path, opening = waiting.popleft()
        return path, opening.result if opening else lambda: open_one(path)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for path in paths:
                waiting.append((path, pool.submit(open_one, path) if _is_small_text(path) else None))
                if len(waiting) > _AHEAD:
                    yield next_one()
            while waiting:
                yield next_one()
        finally:
            pool.shutdown(cancel_futures=True)


def _is_small_text(path: Path) -> bool:
    try:
        return path.suffix.lower() in _TEXT and path.stat().st_size <= _SMALL_BYTES
    except OSError:
        return False


def open_tables(
    path: Path, layout: Layout | None, saved: Sequence[Layout] = (), codes: Path | None = None
) -> tuple[list[TextTable], str]:
    """Read a file as text tables and return them with its fingerprint.

    Args:
        path: The file.
        layout: The layout that is given for it; its ``[text]`` says how the file is written.
        saved: Layouts that read every export of their shape; one with a ``[text]`` of its own is tried on the file.
        codes: A folder that may hold a site's own codes, beside the file's own folder.

    Raises:
        PtAnalyticsError: As `read_text_tables`.
    """
    with with_site_codes(path.parent, codes) as digest:
        tables, fingerprint = _open(path, layout, saved)
    return [replace(table, own_codes=digest) for table in tables] if digest else tables, fingerprint


def _open(path: Path, layout: Layout | None, saved: Sequence[Layout]) -> tuple[list[TextTable], str]:
    known = known_headings() | {name for one in (*saved, *((layout,) if layout else ())) for name in _headings_of(one)}
    if layout is not None:
        return read_text_tables(path, known, layout.text)
    for one in saved:
        if one.text == TextForm() or one.match is None:
            continue
        try:
            tables, fingerprint = read_text_tables(path, known, one.text)
        except PtAnalyticsError:
            continue  # written otherwise, so it is not the export this layout is for
        if any(one.match.fits(path.name, table.headings) for table in tables):
            return tables, fingerprint
    return read_text_tables(path, known, TextForm())


def reads_all_of(layout: Layout, headings: Sequence[str]) -> bool:
    """Say whether a table has every column that a layout says it is recognised by, or reads."""
    names = {same_heading(heading) for heading in headings}
    wanted = layout.match.columns if layout.match else layout.tables[0].read_columns()
    return all(same_heading(name) in names for name in wanted)


def refuse_open_letters(table: TextTable, file: str, read: Collection[str]) -> None:
    """Stop where columns that are read hold letters of an encoding that nobody can tell from the file.

    Raises:
        AmbiguousEncodingError: Names the columns and the encodings.
    """
    if concerned := [heading for heading in table.open_headings if heading in read]:
        raise AmbiguousEncodingError(concerned, file, table.open_encodings)


def _headings_of(layout: Layout) -> set[str]:
    read = {name for table in layout.tables for name in table.read_columns()}
    return {same_heading(name) for name in (*read, *(layout.match.columns if layout.match else ()))}
