"""Day-count rules as data: ``reference/ledger_rules.toml``, checked on load."""

import tomllib
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ptanalytics.errors import ReferenceDataError, SettingsError
from ptanalytics.reference import reference_file

DEFAULT_RULE = "days_16_of_30"


class LedgerRule(BaseModel):
    """One way to count days."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    label: str = Field(min_length=1)
    clock: Literal["periods", "trailing", "calendar_month"]
    window_days: int = Field(ge=1)
    needed_days: int = Field(ge=1)
    counts: Literal["activity", "session_entry", "entry"]
    source: str = Field(min_length=1)


@cache
def ledger_rules() -> dict[str, LedgerRule]:
    """Return the rules by id.

    Raises:
        ReferenceDataError: The file is wrong.
    """
    content = tomllib.loads(reference_file("ledger_rules.toml").read_text(encoding="utf-8"))
    try:
        rules = [LedgerRule.model_validate(one) for one in content["rule"]]
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        message = f"reference/ledger_rules.toml is wrong: {faults}. Correct these entries."
        raise ReferenceDataError(message) from None
    return {rule.id: rule for rule in rules}


def ledger_rule(rule_id: str, *, window_days: int | None = None, needed_days: int | None = None) -> LedgerRule:
    """Return a rule, with another length or number of days if given.

    Raises:
        SettingsError: There is no such rule, or more days are needed than the window has.
    """
    rules = ledger_rules()
    if rule_id not in rules:
        message = f"There is no day-count rule '{rule_id}'. Rules: {', '.join(rules)}."
        raise SettingsError(message)
    changes = {"window_days": window_days, "needed_days": needed_days}
    rule = rules[rule_id].model_copy(update={name: value for name, value in changes.items() if value is not None})
    if not 1 <= rule.needed_days <= rule.window_days:
        message = (
            f"A day-count rule needs 1 to {rule.window_days} days of its window of {rule.window_days}, "
            f"not {rule.needed_days}. Change needed_days or window_days."
        )
        raise SettingsError(message)
    return rule
