"""Read back the rows that imports set aside."""

import polars as pl

from ptanalytics.loading.convert import REASONS
from ptanalytics.loading.quarantine import Quarantine
from ptanalytics.schemas.frames import to_pandas
from ptanalytics.study.manifest import QuarantineEntry
from ptanalytics.study.store import Snapshot

_OURS = {"table": pl.String, "import_number": pl.Int32}


def read_quarantine(snapshot: Snapshot) -> Quarantine:
    """Return all rows set aside and their reasons, oldest import first; both say table and import."""
    entries = snapshot.manifest.quarantine
    rows = [pl.DataFrame(schema={**_OURS, "file": pl.String, "row": pl.UInt32})]
    rows += [_labelled(snapshot, entry, "parquet") for entry in entries]
    reasons = [pl.DataFrame(schema={**_OURS, **REASONS})]
    reasons += [_labelled(snapshot, entry, "reasons.parquet") for entry in entries]
    return Quarantine(to_pandas(pl.concat(rows, how="diagonal")), to_pandas(pl.concat(reasons)))


def _labelled(snapshot: Snapshot, entry: QuarantineEntry, ending: str) -> pl.DataFrame:
    frame = pl.read_parquet(snapshot.kept(f"quarantine/{entry.table}/{entry.receipt}.{ending}"), glob=False)
    # A file's own heading that is one of ours makes room, as it does for `row` and `file` when the file is read.
    own = frame.rename({name: f"{name} (file)" for name in _OURS if name in frame.columns})
    return own.select(
        pl.lit(entry.table).alias("table"), pl.lit(entry.receipt, dtype=pl.Int32).alias("import_number"), pl.all()
    )
