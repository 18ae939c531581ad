"""Which encoding a text file that is not UTF-8 is written in: the one that makes words of a language of every word in it.

Byte frequencies tell Western from Central European code pages badly in files of a few short notes, so letters and words
are looked at (``reference/encodings.toml``). Where that leaves several readings, nothing is chosen: they are rivals.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ptanalytics.reference import reference_file

#: Distinct lines beyond ASCII that are looked at; more do not make a decision better.
_MOST_LINES = 2_000
_LONGEST_LINE = 20_000
#: Lines in UTF-8 that a file in another encoding has by chance, per line that is not.
_BY_CHANCE = 0.1
#: Share of the words beyond ASCII that must be words; up to nine words, all of them.
_NEARLY_ALL = 0.9
_MIN_SCORE = 2
#: First byte of the less frequent half of the characters, by character set.
_RARE_FROM = {"gb2312": 0xD8, "big5": 0xC7, "euc_jp": 0xD0, "cp949": 0xC9}
_CELLS = re.compile(r"[,;\t\"|\r\n]")
_WORDS = re.compile(r"[^\W\d_]+(?:[’'·][^\W\d_]+)*")
_KANA = re.compile("[\u3040-\u30ff]")
_WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uff60]")


@dataclass(frozen=True)
class TextEncoding:
    """The encoding of a file, and how sure that is."""

    name: str
    #: Other encodings that make words of it too, and of other letters; empty where there is no doubt.
    rivals: tuple[str, ...] = ()
    #: Some lines are in another encoding than the rest; they are set aside.
    is_mixed: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """The encodings between which a person decides."""
        return (self.name, *self.rivals) if self.rivals else ()

    def in_words(self) -> tuple[str, ...]:
        """Say how a file is read that is not plain UTF-8."""
        if self.is_mixed:
            return ("Most lines are UTF-8 and some are in another encoding: those are set aside.",)
        if self.name in ("utf-8", "utf-8-sig"):
            return ()
        if self.rivals:
            ways = " or ".join(map(encoding_label, self.options))
            return (f"The file is not UTF-8, and some letters depend on which encoding it is: {ways}.",)
        return (f"The file is not UTF-8; it is read as {encoding_label(self.name)}.",)


@dataclass(frozen=True)
class _Encoding:
    name: str
    label: str
    languages: tuple[str, ...]


@dataclass(frozen=True)
class _Language:
    name: str
    letters: frozenset[str]
    words: frozenset[str]
    #: Character set of a script with thousands of signs; empty for an alphabet.
    script: str


@dataclass(frozen=True)
class _Reading:
    """One way to read the lines: how well it makes words."""

    encoding: str
    text: str
    score: int

    @property
    def is_wide(self) -> bool:
        """It has signs of a script with thousands of them."""
        return _WIDE.search(self.text) is not None


def detect_encoding(path: Path) -> TextEncoding:
    """Say in which encoding a file is written that is not UTF-8 throughout.

    An encoding is possible where every byte has a meaning and, in one language, nearly every word with a letter beyond a to
    z is made of that language's letters, in lower or upper case as words are. Of several that read the same text it does
    not matter which. Of several texts the one with clearly more frequent words of its language (in the cells with such
    letters) is taken; else they are rivals.

    Args:
        path: The file.
    """
    lines, as_utf8, n_utf8, n_other = _lines_beyond_ascii(path)
    if n_utf8 > _BY_CHANCE * n_other:
        # A single Chinese sign can be UTF-8 by chance ("女" in GB 18030), so whole files in such scripts are tried first.
        wide = (
            _best([reading for reading in _readings([*lines, *as_utf8]) if reading.is_wide and reading.score])
            if n_other
            else None
        )
        return wide or TextEncoding("utf-8", is_mixed=n_other > 0)
    readings = _readings(lines)
    if alphabetic := [reading for reading in readings if not reading.is_wide]:
        # Two bytes of an accent and what follows it can be one rare sign; without a frequent word that is chance.
        readings = [reading for reading in readings if reading.score or reading in alphabetic]
    if not readings:
        # Nothing makes words of it: whichever decodes it may be meant.
        names = [one.name for one in _encodings() if _decoded(lines, one.name) is not None]
        return TextEncoding(names[0], tuple(names[1:4])) if names else TextEncoding("cp1252", ("mac_roman",))
    best = _best(readings)
    return best or TextEncoding(_distinct(readings)[0].encoding, tuple(one.encoding for one in _distinct(readings)[1:]))


def _readings(lines: Sequence[bytes]) -> list[_Reading]:
    return [reading for encoding in _encodings() if (reading := _read_as(encoding, lines)) is not None]


def _distinct(readings: Sequence[_Reading]) -> list[_Reading]:
    """Return one reading of each text, those with most frequent words first."""
    texts: dict[str, _Reading] = {}
    for reading in readings:
        texts.setdefault(reading.text, reading)
    return sorted(texts.values(), key=lambda reading: -reading.score)


def _best(readings: Sequence[_Reading]) -> TextEncoding | None:
    """Return the only text there is, or the one with clearly more frequent words than any other; None where it is open."""
    if not readings:
        return None
    best, *others = _distinct(readings)
    is_clear = best.score >= _MIN_SCORE and all(best.score > 2 * other.score for other in others)
    return TextEncoding(best.encoding) if not others or is_clear else None


def encoding_label(name: str) -> str:
    """Return an encoding's name with what it is for.

    Example:
        >>> encoding_label("cp1250")
        'cp1250 (Windows, Central European)'
    """
    label = {one.name: one.label for one in _encodings()}.get(name)
    return f"{name} ({label})" if label else name


def reads_otherwise(cell: str, encodings: Sequence[str]) -> bool:
    """Say whether a cell that was read in the first of some encodings is another text in one of the others.

    Example:
        >>> reads_otherwise("très", ("cp1252", "cp1250")), reads_otherwise("für", ("cp1252", "cp1250"))
        (True, False)
    """
    if cell.isascii() or len(encodings) < 2:
        return False
    raw = cell.encode(encodings[0], errors="surrogateescape")
    return any(raw.decode(name, errors="replace") != cell for name in encodings[1:])


def _lines_beyond_ascii(path: Path) -> tuple[list[bytes], list[bytes], int, int]:
    """Return distinct lines with bytes beyond ASCII, those that are no UTF-8 and those that are, and how many there are."""
    found: dict[bytes, None] = {}
    as_utf8: dict[bytes, None] = {}
    n_utf8 = n_other = 0
    with path.open("rb") as file:
        for line in file:
            if line.isascii():
                continue
            try:
                line.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
            except UnicodeDecodeError:
                n_other += 1
                if len(found) < _MOST_LINES:
                    found[line[:_LONGEST_LINE] if len(line) > _LONGEST_LINE else line] = None
            else:
                n_utf8 += 1
                if len(as_utf8) < _MOST_LINES:
                    as_utf8[line[:_LONGEST_LINE]] = None
    return list(found), list(as_utf8), n_utf8, n_other


@cache
def _reference() -> dict[str, Any]:
    return tomllib.loads(reference_file("encodings.toml").read_text(encoding="utf-8"))


@cache
def _encodings() -> tuple[_Encoding, ...]:
    return tuple(_Encoding(one["name"], one["label"], tuple(one["languages"])) for one in _reference()["encodings"])


@cache
def _language(name: str) -> _Language:
    about = _reference()["languages"][name]
    return _Language(name, frozenset(about.get("letters", "")), frozenset(about["words"]), about.get("script", ""))


def _decoded(lines: Sequence[bytes], encoding: str) -> list[str] | None:
    try:
        return [line.decode(encoding) for line in lines]
    except UnicodeDecodeError:
        return None


def _read_as(encoding: _Encoding, lines: Sequence[bytes]) -> _Reading | None:
    """Read lines in an encoding; None where they make no words in any language that is written in it."""
    texts = _decoded(lines, encoding.name)
    if texts is None:
        return None
    cells = [cell for text in texts for cell in _CELLS.split(text) if not cell.isascii()]
    scores = [score for name in encoding.languages if (score := _score(_language(name), cells)) is not None]
    return _Reading(encoding.name, "\n".join(texts), max(scores)) if scores else None


def _score(language: _Language, cells: Sequence[str]) -> int | None:
    """Return how many frequent words of a language are in the cells, those beyond ASCII twice; None: it is not that."""
    if language.script:
        hits = sum(any(word in cell for word in language.words) for cell in cells)
        return 2 * hits if _is_script(cells, language) else None
    letters = language.letters
    judged = [is_word for cell in cells for is_word in _words_of(cell, letters)]
    n_letters = sum(sign.lower() in letters for cell in cells for sign in cell if not sign.isascii())
    is_latin = any(letter < "\u0370" for letter in letters)
    # Signs alone say nothing for an alphabet of which no letter is there.
    if not (n_letters or is_latin) or judged.count(False) > (len(judged) * (1 - _NEARLY_ALL) if len(judged) > 9 else 0):
        return None
    found = [word for cell in cells for word in _WORDS.findall(cell.lower()) if word in language.words]
    return sum(1 if word.isascii() else 2 for word in found)


def _words_of(cell: str, letters: frozenset[str]) -> Iterator[bool]:
    """Say of each word and sign beyond ASCII whether it can be one in a language with these letters."""
    signs, never_before = _reference()["signs"], _reference()["never_before_a_word"]
    for run in re.findall(r"[^\s\x00-\x26\x28-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]+", cell.replace("\xa0", " ")):
        if run.isascii():
            continue
        marks = [sign for sign in run if not sign.isascii() and not sign.isalpha()]
        inner = re.search(r"[^\W\d_][^\w’'‘–—…·/\xad]+[^\W\d_]", run)
        yield (
            all(mark in signs or mark == "\xad" for mark in marks)
            and inner is None
            and not (run[0] in never_before and run[1:2].isalpha())
            and all(_is_word(word, letters) for word in re.findall(r"[^\W\d_]+", run) if not word.isascii())
        )


def _is_word(word: str, letters: frozenset[str]) -> bool:
    """Say whether letters beyond ASCII are the language's, in one script, with capitals only where words have them."""
    beyond = [sign for sign in word if not sign.isascii() and sign not in "ªº"]
    if not all(sign.lower() in letters for sign in beyond):
        return False
    is_other_script = any(ord(sign) >= 0x370 for sign in beyond)
    if is_other_script and len(beyond) < len(word):
        return False
    rest = word[1:]
    return (
        word.islower()
        or word.isupper()
        or rest.islower()
        or not any(sign.isupper() and word[at].islower() for at, sign in enumerate(rest) if not sign.isascii())
    )


def _is_script(cells: Sequence[str], language: _Language) -> bool:
    """Say whether cells are text in one of the scripts with thousands of characters: nearly only its frequent ones."""
    wide = [sign for cell in cells for sign in cell if not sign.isascii()]
    if not wide or any(not _WIDE.match(sign) for sign in wide):
        return False
    n_kana = sum(_KANA.match(sign) is not None for sign in wide)
    if language.name != "japanese" and n_kana > 0.05 * len(wide):
        return False
    # One wide sign amid small letters is an accent read wrongly.
    if any(re.search(f"(?<=[a-z]){_WIDE.pattern}(?!{_WIDE.pattern})", cell) for cell in cells):
        return False
    firsts = [sign.encode(language.script, errors="ignore")[:1] for sign in wide]
    n_frequent = sum(b"\xa1" <= first < bytes([_RARE_FROM[language.script]]) for first in firsts)
    return n_frequent >= 0.85 * len(wide)
