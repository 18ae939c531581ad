"""The list of patients: sorted, searched and chosen from."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from itables.widget import ITable

#: One row at a time; ``keys`` makes rows reachable with the arrow keys.
_SELECT = {"style": "single", "keys": True, "info": False}


class PatientTable(ITable):
    """A table of patients, one of which can be chosen by mouse, or with Tab, the arrow keys and Enter.

    Works without a network (itables carries its own JavaScript) and shows text from files as text.

    Args:
        rows: What to show; the first column is the patient.
        on_choose: Called with the patient id of the chosen row.
    """

    def __init__(self, rows: pd.DataFrame, *, on_choose: Callable[[str], None], caption: str) -> None:
        self._rows = rows
        self._on_choose = on_choose
        super().__init__(
            rows,
            caption=caption,
            select="single",
            pageLength=10,
            lengthMenu=[10, 25, 50],
            maxBytes=0,
            showIndex=False,
            allow_html=False,
            classes="display compact",
            style="width:100%;caption-side:top",
        )
        self._take_keys()
        self.observe(self._chosen, "selected_rows")

    def show(self, rows: pd.DataFrame) -> None:
        """Show other rows; nothing is chosen afterwards."""
        self._rows = rows
        with self.hold_sync():
            self.update(rows, selected_rows=[])
            self._take_keys()

    def _take_keys(self) -> None:
        # itables knows only a text or texts here, but DataTables takes the keyboard option as true or false.
        self._dt_args = {**self._dt_args, "select": _SELECT}

    def _chosen(self, change: dict[str, Any]) -> None:
        if change["new"]:
            self._on_choose(str(self._rows.iloc[change["new"][0], 0]))
