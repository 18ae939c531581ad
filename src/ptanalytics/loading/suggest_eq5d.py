"""The EQ-5D in a wide file: its five dimensions in a column each, or its profile (11221) in one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from ptanalytics.instruments import instrument
from ptanalytics.loading.layout_parts import JoinedText, NominalDates, Spread
from ptanalytics.loading.layouts import TableLayout, same_heading
from ptanalytics.loading.suggest_asking import Asking
from ptanalytics.loading.suggestion import Question

#: The dimensions in the order of the profile, as exports call them.
_DIMENSIONS = ("mo", "sc", "ua", "pd", "ad")
_FIVE_LEVELS, _THREE_LEVELS = "eq5d5l", "eq5d3l"
#: Share of the cells that must be profiles.
_MOSTLY = 0.8


@dataclass(frozen=True)
class Eq5d:
    """The columns of an EQ-5D: item id → heading."""

    columns: Mapping[str, str]
    is_profile: bool

    @property
    def reason(self) -> str:
        """Why the columns are taken for it."""
        return "an EQ-5D profile of five digits" if self.is_profile else "the dimensions of an EQ-5D"

    def version(self, texts: Mapping[str, pl.Series], asking: Asking) -> str | None:
        """Return which form it is: five levels where an answer is above 3, else what a person says."""
        answers = "".join(str(cell) for heading in set(self.columns.values()) for cell in texts[heading].drop_nulls())
        if set(answers) & set("45"):
            return _FIVE_LEVELS
        return asking.ask(
            Question(
                "instrument.eq5d",
                "No answer of the EQ-5D is above 3. Is it the form with 5 levels or the one with 3?",
                (_FIVE_LEVELS, _THREE_LEVELS),
                f"its answers are not read; those of {_THREE_LEVELS} are stored and cannot be scored here",
            )
        )

    def table(
        self, version: str, patient: str, days: tuple[dict[str, str], dict[str, NominalDates]], visit: str
    ) -> TableLayout:
        """Return the layout of its answers.

        Args:
            version: Which form it is.
            patient: Heading of the person.
            days: How the day is read: from a column, or from a visit.
            visit: Heading of the visit, where there is no day.
        """
        columns, nominal = days
        when = next(iter(columns.values()), visit)
        return TableLayout(
            table="responses",
            part=version,
            columns={"patient_id": patient, **columns},
            nominal_dates=nominal,
            constants={"instrument_id": version},
            joined={"response_id": JoinedText(columns=(patient, when), separator="|")},
            spread=Spread(
                name="item_id",
                value="answer",
                columns={item.replace(_FIVE_LEVELS, version, 1): heading for item, heading in self.columns.items()},
                digits=self.is_profile,
            ),
        )


def find_eq5d(texts: Mapping[str, pl.Series]) -> Eq5d | None:
    """Return the columns of an EQ-5D in a sample; None where there is none.

    Example:
        >>> find_eq5d({"id": pl.Series(["1"]), "State": pl.Series(["11221"])}).columns["eq5d5l_5"]
        'State'
    """
    items = instrument(_FIVE_LEVELS).items
    dimensions = _dimensions(list(texts))
    if dimensions:
        return Eq5d(dict(zip(items, dimensions, strict=True)), is_profile=False)
    profile = next((heading for heading, cells in texts.items() if _is_profile(heading, cells)), None)
    return Eq5d(dict.fromkeys(items, profile), is_profile=True) if profile else None


def _dimensions(headings: Sequence[str]) -> list[str]:
    by_name = {same_heading(heading): heading for heading in headings}
    found = [by_name.get(name) or by_name.get(f"eq5d{name}") for name in _DIMENSIONS]
    return [heading for heading in found if heading] if all(found) else []


def _is_profile(heading: str, cells: pl.Series) -> bool:
    name = same_heading(heading)
    if not (name in ("state", "healthstate", "profile") or ("eq5d" in name and "index" not in name)):
        return False
    share = cells.str.strip_chars().drop_nulls().str.contains(r"^[1-5]{5}$").mean()
    return share is not None and float(str(share)) >= _MOSTLY
