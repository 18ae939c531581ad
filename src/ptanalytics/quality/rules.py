"""The rules of ``reference/data_checks.toml``: what each says, how bad it is, and its numbers."""

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ptanalytics.errors import ReferenceDataError, SettingsError
from ptanalytics.reference import reference_file
from ptanalytics.schemas import TABLES, key_of

MIN_ROWS = ".min_rows"


class Rule(BaseModel):
    """One rule about a table: an identifier, a sentence, how bad it is, its numbers and where they come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    table: str
    severity: Literal["error", "warning", "note"]
    category: Literal["conformance", "completeness", "plausibility"]
    #: What one thing checked is.
    counts: Literal["rows", "days", "patients", "forms"]
    sentence: str = Field(min_length=1)
    threshold: float | None = Field(default=None, ge=0)
    unit: str = ""
    #: How many entries are needed before the rule can say anything.
    min_rows: int | None = Field(default=None, ge=1)
    #: Why the rule says nothing, where nothing could be checked.
    unless: str = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _is_about_a_table(self) -> Self:
        if self.table not in TABLES:
            message = f"there is no table '{self.table}'"
            raise ValueError(message)
        return self

    def in_words(self, limits: Mapping[str, float]) -> str:
        """Return the sentence with the numbers in force."""
        return self.sentence.format(threshold=limits.get(self.id), min_rows=int(limits.get(self.id + MIN_ROWS, 0)))


@cache
def shipped_rules() -> Mapping[str, Rule]:
    """Return the shipped rules by id, in the order of their file.

    Raises:
        ReferenceDataError: The file breaks its own rules.

    Example:
        >>> shipped_rules()["sessions_near_duplicate"].threshold
        5.0
    """
    entries = tomllib.loads(reference_file("data_checks.toml").read_text(encoding="utf-8"))["check"]
    try:
        rules = [Rule.model_validate(entry) for entry in entries]
    except ValidationError as error:
        raise ReferenceDataError(f"reference/data_checks.toml breaks its rules: {error}") from None
    rules += [_key_rule(table) for table in TABLES]
    if len({rule.id for rule in rules}) != len(rules):
        message = "reference/data_checks.toml has the same rule twice."
        raise ReferenceDataError(message)
    return {rule.id: rule for rule in rules}


def _key_rule(table: str) -> Rule:
    """Return the rule that no two rows have one key; its columns are those of the table's schema."""
    return Rule(
        id=f"{table}_duplicate_key",
        table=table,
        severity="error",
        category="conformance",
        counts="rows",
        sentence=f"an earlier row has the same {', '.join(key_of(TABLES[table]))}",
        unless="no rows",
        source="Uniqueness in Kahn 2016, doi:10.13063/2327-9214.1244",
    )


def limits_of(*changes: Mapping[str, float]) -> dict[str, float]:
    """Return the numbers in force: those shipped, with changes; of several the later one holds.

    Args:
        changes: ``{"rule_id": threshold}`` or ``{"rule_id.min_rows": number}``.

    Raises:
        SettingsError: A name is no rule with such a number, or a number is below 0.

    Example:
        >>> limits_of({"sessions_near_duplicate": 10})["sessions_near_duplicate"]
        10.0
    """
    rules = shipped_rules().values()
    limits = {rule.id: rule.threshold for rule in rules if rule.threshold is not None}
    limits |= {rule.id + MIN_ROWS: float(rule.min_rows) for rule in rules if rule.min_rows is not None}
    for change in changes:
        for name, value in change.items():
            if name not in limits:
                message = (
                    f"There is no rule with the threshold '{name}'. Names are: {', '.join(limits)}. "
                    "See the column rule_id of check_data(...).rules."
                )
                raise SettingsError(message)
            lowest = 1 if name.endswith(MIN_ROWS) else 0
            if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value < float("inf"):
                message = f"The threshold '{name}' must be a number from {lowest} upwards."
                raise SettingsError(message)
            limits[name] = float(value)
    return limits
