"""Counts of persons as a report that leaves the building may show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ptanalytics.charts.wording import number_text, share_text
from ptanalytics.privacy import is_small, suppress_nested, suppress_row

NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class Disclosure:
    """The threshold of one report, and the words that stand for hidden counts."""

    threshold: int
    #: The data are generated, so there is nobody to protect.
    is_generated: bool = False

    @property
    def is_for_inside(self) -> bool:
        """Whether the report shows counts of few real persons and must stay inside the site."""
        return self.threshold <= 1 and not self.is_generated

    @property
    def small_words(self) -> str:
        """What stands for a small count."""
        return f"<{self.threshold}"

    def words(self, count: int, shown: int | None) -> str:
        """Return the count if it may be shown, else the words for a small or a protecting one."""
        if shown is not None:
            return str(shown)
        return self.small_words if is_small(count, self.threshold) else NOT_SHOWN

    def single(self, count: int) -> str:
        """Return one count that is part of no total."""
        return self.words(count, None if is_small(count, self.threshold) else count)

    def row(self, counts: Sequence[int]) -> tuple[int | None, ...]:
        """Return what may be shown of mutually exclusive counts with a published total."""
        return suppress_row(counts, self.threshold).cells

    def nested(self, counts: Mapping[str, int]) -> dict[str, int | None]:
        """Return what may be shown of nested counts, most wanted first."""
        return suppress_nested(counts, self.threshold)

    def is_enough(self, n: int) -> bool:
        """Say whether means, medians and shares over so many persons may be shown."""
        return n > 0 and not is_small(n, self.threshold)

    def share(self, numerator: int | None, denominator: int | None, limits: tuple[float | None, float | None]) -> str:
        """Return a share with counts and interval, or that it is not shown."""
        if numerator is None or denominator is None:
            return NOT_SHOWN
        lower, upper = limits
        if lower is None or upper is None:
            return share_text(numerator, denominator)
        digits = 0 if denominator < 100 else 1
        return f"{share_text(numerator, denominator)}; {number_text(lower, digits)} to {number_text(upper, digits)} %"

    def sentence(self) -> str:
        """Say what is hidden and why."""
        if self.is_generated:
            return "Small counts are shown: these data are generated. Of real patients, few are never shown outside."
        if self.threshold <= 1:
            return "Small counts are shown: this report is for use inside the site only."
        return (
            f"Counts of 1 to {self.threshold - 1} persons are not shown, nor counts that would give them away by "
            f"subtraction within a table or between the results of one measure; averages need at least {self.threshold} "
            "persons (CMS cell size policy, ResDAC 2024). Different measures and the flow count different patients and may "
            "differ by few; a higher privacy.suppress_below hides more."
        )
