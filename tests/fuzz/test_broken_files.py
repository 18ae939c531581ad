"""Files broken at random: every reader ends with counted rows or a sentence, never with a traceback, a hang or a hunger.

``PTANALYTICS_FUZZ_CASES`` sets the number of cases (a modest one by default), ``PTANALYTICS_FUZZ_SEED`` where they start.
"""

import faulthandler
import gzip
import io
import os
import random
import resource
import tempfile
import zipfile
from pathlib import Path

import pytest

import ptanalytics as pta
from ptanalytics.errors import PtAnalyticsError
from ptanalytics.schemas import TABLES
from reader_corpus import corpus, zipped_of

N_CASES = int(os.environ.get("PTANALYTICS_FUZZ_CASES", "240"))
FIRST_SEED = int(os.environ.get("PTANALYTICS_FUZZ_SEED", "1"))
N_BATCHES = 8
SECONDS_FOR_ONE_FILE = 120
#: More than any of these files, each under a megabyte, may take on top of what the readers' libraries hold.
MOST_MEGABYTES = 3_000
TOKENS = (
    b"\x00",
    b'"',
    b"\r",
    b"\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"=cmd|' /C calc'!A0",
    b"1e999",
    b"NaN",
    b"-0",
    b"9" * 5_000,
    b"\\ud800",
    b"{" * 2_000,
    b"[" * 2_000,
    b"," * 2_000,
    b"A" * 100_000,
    b"null",
    b"<!ENTITY x 'y'>",
    b"&x;",
    b"2026-02-30",
    b"31/12/99",
    "٣".encode(),
    b"\xe2\x80\xae",
)
CORPUS = corpus()


def broken(content, chance):
    """Return bytes with one to six random wounds."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((1, 3, 20, 400)))
        match chance.randrange(8):
            case 0 if data:
                data[at % len(data)] = chance.randrange(256)
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = data[at:end]
            case 3:
                data[at:at] = chance.choice(TOKENS)
            case 4:
                data[at:end] = chance.choice(TOKENS)
            case 5:
                del data[at:]
            case 6:
                data[at:at] = chance.randbytes(chance.choice((1, 8, 64)))
            case _:
                other = CORPUS[chance.choice(list(CORPUS))]
                start = chance.randrange(len(other) + 1)
                data[at:at] = other[start : start + 300]
    return bytes(data)


def broken_file(name, chance):
    """Return a file of the corpus with wounds; those of an archive are mostly inside, where no checksum finds them."""
    content = CORPUS[name]
    if chance.random() < 0.3:
        return broken(content, chance)
    if name.endswith(".gz"):
        return gzip.compress(broken(gzip.decompress(content), chance))
    if not content.startswith(b"PK"):
        return broken(content, chance)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    chosen = chance.choice(members)[0]
    return zipped_of([(inside, broken(data, chance) if inside == chosen else data) for inside, data in members])


def assert_ends_well(path):
    """Load a file: it is refused with a sentence, or each of its rows ends somewhere."""
    faulthandler.dump_traceback_later(SECONDS_FOR_ONE_FILE, exit=True)
    try:
        loaded = pta.load_exports(path, timezone="Europe/Berlin", date_order="day_first")
    except PtAnalyticsError as refusal:
        assert len(str(refusal)) < 4_000  # noqa: PT017 - a sentence or two, not the file
        return "refused"
    finally:
        faulthandler.cancel_dump_traceback_later()
    n_used = {}
    for entry in loaded.receipt.files:
        ends = entry.rows_used + entry.rows_set_aside + entry.rows_duplicate + entry.rows_ignored
        assert entry.rows_read == ends
        n_used[entry.table] = n_used.get(entry.table, 0) + entry.rows_used
    for table, frame in loaded.tables.items():
        assert len(frame) <= n_used[table]
    assert len(loaded.quarantine.rows) == loaded.receipt.rows_set_aside
    return "loaded"


@pytest.mark.parametrize("batch", range(N_BATCHES))
def test_a_broken_file_ends_well(batch):
    names = list(CORPUS)
    for number in range(batch, N_CASES, N_BATCHES):
        seed = FIRST_SEED + number
        chance = random.Random(seed)
        name = names[seed % len(names)]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_bytes(broken_file(name, chance))
            try:
                assert_ends_well(path)
            except BaseException as fault:  # the engine's panics are no Exceptions
                fault.add_note(f"seed {seed}, a broken {name}")
                raise
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 < MOST_MEGABYTES


def rows_in(study):
    return {table: len(study.table(table)) for table in TABLES if study.has_table(table)}


def test_broken_files_go_into_a_study_or_leave_it_as_it_was(tmp_path):
    study = pta.create_study(tmp_path / "broken.study", timezone="Europe/Berlin")
    before = rows_in(study)
    for number in range(0, N_CASES, 10):
        chance = random.Random(FIRST_SEED + number)
        name = chance.choice(list(CORPUS))
        path = tmp_path / name
        path.write_bytes(broken_file(name, chance))
        try:
            receipt = study.import_exports(path, date_order="day_first")
        except PtAnalyticsError:
            assert rows_in(study) == before
            continue
        for entry in receipt.files:
            assert entry.rows_read == entry.rows_used + entry.rows_set_aside + entry.rows_duplicate + entry.rows_ignored
        after = rows_in(study)
        # Sets of one exercise may be one row, so a table grows by the new rows at most.
        assert sum(after.values()) - sum(before.values()) <= receipt.rows_new
        before = after


@pytest.mark.parametrize("name", CORPUS)
def test_the_whole_files_load(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(CORPUS[name])
    # The first lines of a file whose dictionary is elsewhere may be no table of ours; all others are.
    assert assert_ends_well(path) in ("loaded", "refused")
