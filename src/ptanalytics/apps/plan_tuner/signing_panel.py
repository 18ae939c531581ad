"""The right side of the Plan tuner: what changes, what stands in the way, who signs, the goal, the history."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw

from ptanalytics.apps.widgets.markup import element, is_missing, table, text
from ptanalytics.apps.widgets.number_field import NumberField

if TYPE_CHECKING:
    import pandas as pd

_WIDE = {"width": "100%"}
_LABEL = {"description_width": "86px"}


class SigningPanel(ipw.VBox):  # type: ignore[misc]
    """Changes in words, warnings, blockers, and the form that signs.

    Args:
        on_sign: Called when Sign off is pressed.
    """

    def __init__(self, *, on_sign: Callable[[], None]) -> None:
        self.changes, self.findings = ipw.HTML(), ipw.HTML()
        self.who = ipw.Text(description="Who", placeholder="code or initials", layout=_WIDE, style=_LABEL)
        self.role = ipw.Text(description="Role", placeholder="e.g. physical therapist", layout=_WIDE, style=_LABEL)
        self.reason = ipw.Text(description="Reason", placeholder="why the plan changes", layout=_WIDE, style=_LABEL)
        self.from_date = ipw.DatePicker(description="In force from", layout=_WIDE, style=_LABEL)
        self.hint = ipw.HTML(element("p", text("Without a day the version is in force from today."), css="pta-quiet"))
        self.sign = ipw.Button(description="Sign off", button_style="primary", disabled=True)
        self.sign.on_click(lambda _: on_sign())
        heading = ipw.HTML(element("h3", "Sign off"))
        form = [self.who, self.role, self.reason, self.from_date, self.hint]
        super().__init__([self.changes, heading, *form, self.findings, self.sign])

    def show(
        self, *, version: str, changes: Sequence[str], warnings: Sequence[str], blockers: Sequence[str], next_version: int
    ) -> None:
        """Show the state of the draft."""
        words = _listing(changes) if changes else element("p", text("No change yet."), css="pta-quiet")
        state = element("p", text(version), css="pta-quiet")
        draft = element("p", element("strong", text("Draft, not signed."))) if changes else ""
        self.changes.value = element("h3", "Changes") + state + draft + words
        weigh = element("p", element("strong", text("To weigh:"))) + _listing(warnings) if warnings else ""
        stop = element("p", element("strong", text("Before signing:"))) + _listing(blockers) if blockers else ""
        self.findings.value = weigh + stop
        self.sign.disabled = bool(blockers)
        self.sign.description = f"Sign off version {next_version}"


class GoalPanel(ipw.VBox):  # type: ignore[misc]
    """The weekly volume agreed with the patient for one kind of exercise.

    Args:
        on_set: Called with the group (category, unit) and the volume, None to end the agreement.
    """

    def __init__(self, *, on_set: Callable[[tuple[str, str], float | None], None]) -> None:
        self._goal: dict[tuple[str, str], float] = {}
        self.group = ipw.Dropdown(description="Goal for", layout=_WIDE, style=_LABEL)
        self.volume = NumberField(label="Goal: weekly volume", short_label="Weekly volume", minimum=0, maximum=100_000)
        self.button = ipw.Button(description="Set goal", tooltip="Record the goal with who and role below")
        self.button.on_click(lambda _: on_set(self.group.value, self.volume.value) if self.group.value else None)
        self.group.observe(lambda _: self._point(), "value")
        hint = element("p", text("Recorded with the who and role below; an empty box ends the agreement."), css="pta-quiet")
        super().__init__([ipw.HTML(element("h3", "Goal")), self.group, self.volume, self.button, ipw.HTML(hint)])

    def show(self, groups: Sequence[tuple[str, str]], goal: dict[tuple[str, str], float]) -> None:
        """Offer the kinds of weekly volume of the plan, with the goals set so far."""
        self._goal = goal
        options = [(f"{category}, {unit}", (category, unit)) for category, unit in groups]
        if list(self.group.options) != options:
            chosen = self.group.value
            self.group.options = options
            self.group.value = chosen if chosen in groups else (groups[0] if groups else None)
        self._point()

    def _point(self) -> None:
        group = self.group.value
        value = self._goal.get(group) if group else None
        unit = group[1] if group else ""
        high = {"min/week": 300.0, "s/week": 3000.0}.get(unit, 600.0)
        self.volume.show(
            value=value,
            minimum=0,
            maximum=100_000,
            step=5,
            slider_low=0,
            slider_high=max(high, 2 * (value or 0)),
            unit=unit,
        )
        self.button.disabled = group is None


def history_table(history: "pd.DataFrame") -> str:
    """Return the versions of a plan as a table, newest first."""
    if history.empty:
        return element("h3", "History") + element("p", text("No version yet."), css="pta-quiet")
    rows = [
        (
            f"v{row['plan_version']}",
            _day(row["valid_from_date"]),
            _day(row["valid_to_date"], missing="still in force"),
            row["n_exercises"],
            _text(row["who"], missing="came with an export"),
            _text(row["role"]),
            _day(row["signed_at"], missing=""),
            _text(row["reason"]),
            _text(row["changes"]),
        )
        for row in history.to_dict("records")
    ]
    headings = ["Version", "From", "To", "Exercises", "Signed by", "Role", "Signed", "Reason", "Changes"]
    return element("h3", "History") + table(headings, rows, caption="Plan versions, newest first")


def _listing(sentences: Sequence[str]) -> str:
    return element("ul", *(element("li", text(one)) for one in sentences), css="pta-list")


def _day(value: Any, *, missing: str = "") -> str:
    return missing if is_missing(value) else f"{value:%d %b %Y}"


def _text(value: Any, *, missing: str = "") -> str:
    return missing if is_missing(value) else str(value)
