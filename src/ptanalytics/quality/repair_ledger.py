"""What was repaired in a study: who, when, which cells, and why they had been set aside. Kept inside the study."""

from pathlib import Path

import polars as pl

from ptanalytics.errors import OutputError
from ptanalytics.study.durable import flush_folder, move_into_place
from ptanalytics.study.locking import write_lock
from ptanalytics.study.manifest import read_manifest

#: One line per corrected cell, or per row where the row as a whole was wrong.
LEDGER: dict[str, pl.DataType | type[pl.DataType]] = {
    "repair_number": pl.Int32,
    #: Receipt of the rows that joined the study; missing where none of this line did.
    "receipt_number": pl.Int32,
    "who": pl.String,
    "repaired_at": pl.Datetime("us", "UTC"),
    "workbook": pl.String,
    "workbook_sha256": pl.String,
    "table": pl.String,
    "import_number": pl.Int32,
    "file": pl.String,
    "part": pl.String,
    "row": pl.Int64,
    "outcome": pl.String,
    "heading": pl.String,
    "old_text": pl.String,
    "new_text": pl.String,
    "old_reasons": pl.String,
}
FOLDER = "repairs"
#: A row that is done: its facts are in the study.
DONE = ("repaired", "duplicate")
ROW_KEY = ("table", "import_number", "file", "part", "row")


def read_ledger(study_path: Path) -> pl.DataFrame:
    """Return all lines, oldest repair first, and whether what each did still holds.

    A repair that was undone is as if it had not been, but that it was is kept: ``stands`` is false for its lines and
    ``undone_by`` is the receipt number of the undo. ``stands`` is missing for lines that repaired nothing.
    """
    files = sorted((study_path / FOLDER).glob("[0-9]*.parquet"), key=lambda path: int(path.stem))
    lines = pl.concat([pl.DataFrame(schema=LEDGER), *(pl.read_parquet(file, glob=False) for file in files)])
    entries = [(entry.undoes, entry.receipt) for entry in read_manifest(study_path).history if entry.undoes is not None]
    undos = pl.DataFrame(entries, schema={"receipt_number": pl.Int32, "undone_by": pl.Int32}, orient="row")
    lines = lines.join(undos, on="receipt_number", how="left", maintain_order="left")
    return lines.with_columns(stands=pl.when(pl.col("outcome").is_in(DONE)).then(pl.col("undone_by").is_null()))


def repaired_rows(study_path: Path) -> pl.DataFrame:
    """Return the rows set aside that were repaired since: ``table, import_number, file, part, row``."""
    return read_ledger(study_path).filter("stands").select(ROW_KEY).unique()


def add_to_ledger(study_path: Path, lines: pl.DataFrame) -> int:
    """Keep what one reading of a workbook did, and return its number. The file appears whole or not at all.

    Args:
        study_path: The study's folder.
        lines: The columns of `LEDGER` but ``repair_number``.

    Raises:
        OutputError: The disk is full or read-only.
    """
    folder = study_path / FOLDER
    try:
        with write_lock(study_path):
            folder.mkdir(exist_ok=True)
            number = 1 + max((int(file.stem) for file in folder.glob("[0-9]*.parquet")), default=0)
            numbered = lines.with_columns(pl.lit(number, dtype=pl.Int32).alias("repair_number")).select(list(LEDGER))
            staged = folder / f".{number}.new"
            numbered.cast(LEDGER).write_parquet(staged)  # type: ignore[arg-type]
            move_into_place(staged, folder / f"{number}.parquet")
            flush_folder(folder)
    except OSError as error:
        found = (error.strerror or "the disk refused").lower()
        raise OutputError(study_path, found, "Make room or get write access, then read the workbook again.") from None
    return number
