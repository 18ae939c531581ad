"""Numbers in place of texts that come again and again, such as the ids of patients, while rows are sorted."""

import numpy as np
import polars as pl

#: Columns with few distinct texts in any export; numbers in their place are narrower, and faster to sort and compare.
CODED = ("patient_id", "exercise_id", "instrument_id", "item_id")


class TextCodes:
    """Numbers for the texts of one column, the same in every batch of one import.

    Example:
        >>> codes = TextCodes()
        >>> numbers = codes.of(pl.Series(["b", "a", None, "b"]))
        >>> codes.texts_of(numbers).to_list()
        ['b', 'a', None, 'b']
        >>> ranks = codes.ranks_of(numbers)
        >>> ranks[0] == ranks[3] > ranks[1]
        True
    """

    def __init__(self) -> None:
        self._categories = pl.Categories.random()
        # Polars forgets the numbers when no column has them, so this one must live as long as they are used.
        self._keeper = pl.Series([""], dtype=pl.Categorical(self._categories))
        self._texts = pl.Series([], dtype=pl.String)
        self._ranks = np.empty(0, dtype=np.uint32)

    def of(self, texts: pl.Series) -> pl.Series:
        """Return the number of each text; missing stays missing."""
        return texts.cast(self._keeper.dtype).to_physical()

    def texts_of(self, numbers: pl.Series) -> pl.Series:
        """Return the texts of numbers."""
        return self._all()[0][numbers].alias(numbers.name)

    def ranks_of(self, numbers: pl.Series) -> pl.Series:
        """Return numbers that sort as the texts do."""
        ranks = self._all()[1]
        if not numbers.null_count():
            return pl.Series(numbers.name, ranks[numbers.to_numpy()])
        return pl.Series(ranks)[numbers].alias(numbers.name)

    def _all(self) -> tuple[pl.Series, np.ndarray]:
        texts = self._categories.to_series()
        if len(texts) != len(self._texts):
            ranks = np.empty(len(texts), dtype=np.uint32)
            ranks[texts.arg_sort().to_numpy()] = np.arange(len(texts), dtype=np.uint32)
            self._texts, self._ranks = texts, ranks
        return self._texts, self._ranks
