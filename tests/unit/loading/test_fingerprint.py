"""The fingerprint of a file."""

import hashlib

import pytest

from ptanalytics.loading.readers import fingerprint
from ptanalytics.loading.readers.fingerprint import fingerprint_of

#: From FIPS 180-2, appendix B.1: the digest of "abc".
_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_file_of_one_piece_has_the_sha256_that_other_programs_show(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"abc")
    assert fingerprint_of(tmp_path / "a.csv") == _OF_ABC


def test_an_empty_file_has_one_too(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"")
    assert fingerprint_of(tmp_path / "a.csv") == hashlib.sha256().hexdigest()


def test_a_longer_file_has_the_digest_of_the_digests_of_its_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint, "PIECE_BYTES", 3)
    (tmp_path / "a.csv").write_bytes(b"abcabcab")
    of_pieces = bytes.fromhex(_OF_ABC) * 2 + hashlib.sha256(b"ab").digest()
    assert fingerprint_of(tmp_path / "a.csv") == hashlib.sha256(of_pieces).hexdigest()


@pytest.mark.parametrize("other", [b"abcabcaB", b"abcabca", b"abcabcabc", b"abca" + b"bcab"[::-1], b""])
def test_other_bytes_have_another_fingerprint(tmp_path, monkeypatch, other):
    monkeypatch.setattr(fingerprint, "PIECE_BYTES", 3)
    (tmp_path / "a.csv").write_bytes(b"abcabcab")
    (tmp_path / "b.csv").write_bytes(other)
    assert fingerprint_of(tmp_path / "a.csv") != fingerprint_of(tmp_path / "b.csv")
