"""Counts of what is in a file and not read, by kind, kept short whatever the file calls its kinds."""

from collections import Counter

#: More kinds than any standard has; what comes after them is counted together.
MOST_KINDS = 200
OTHER = "other kinds"


class KindCounts(Counter[str]):
    """How many entries of each kind were passed over.

    Example:
        >>> counts = KindCounts()
        >>> counts.add("Claim")
        >>> counts.add("Jane Doe 1970")
        >>> dict(counts)
        {'Claim': 1, 'other kinds': 1}
    """

    def add(self, kind: str, sentence: str = "{}") -> None:
        """Count one entry; a kind that is no single word of letters, or one too many, is counted as another.

        Args:
            kind: What the file calls it.
            sentence: How it is named, with ``{}`` for the kind.
        """
        is_name = kind.isascii() and kind.isalpha() and len(kind) <= 40
        self.add_said(sentence.format(kind) if is_name else OTHER)

    def add_said(self, words: str) -> None:
        """Count one entry under words of our own."""
        self[words if words in self or len(self) < MOST_KINDS else OTHER] += 1
