"""The key numbers as cards, each with the way to what stands behind it."""

from collections.abc import Callable, Sequence

import ipywidgets as ipw

from ptanalytics.apps.patient_review.explanations import Key
from ptanalytics.apps.patient_review.sentences import KeyNumber
from ptanalytics.apps.widgets.markup import element, text


class NumberCards(ipw.Box):  # type: ignore[misc]
    """One card a number; cards are pointed at the next patient's numbers and made only where there are more of them.

    Args:
        on_ask: Called with the kind and key of a number whose card asks where it comes from.
    """

    def __init__(self, *, on_ask: Callable[[str, Key], None]) -> None:
        self._on_ask = on_ask
        self._numbers: list[KeyNumber] = []
        self._cards: list[ipw.VBox] = []
        super().__init__()
        self.add_class("pta-keys")

    def show(self, numbers: Sequence[KeyNumber]) -> None:
        """Show these numbers."""
        self._numbers = list(numbers)
        if len(numbers) > len(self._cards):
            self._cards += [self._card(place) for place in range(len(self._cards), len(numbers))]
            self.children = self._cards
        for place, card in enumerate(self._cards):
            is_shown = place < len(numbers)
            card.layout.display = "" if is_shown else "none"
            if is_shown:
                words, button = card.children
                words.value = _words(numbers[place])
                button.tooltip = f"Where does this number come from? {numbers[place].name}"
                button.layout.display = "" if numbers[place].asked is not None else "none"

    def _card(self, place: int) -> ipw.VBox:
        button = ipw.Button(description="Where from?")
        button.on_click(lambda _: self._pressed(place))
        card = ipw.VBox([ipw.HTML(), button])
        card.add_class("pta-key")
        return card

    def _pressed(self, place: int) -> None:
        asked = self._numbers[place].asked
        if asked is not None:
            self._on_ask(*asked)


def _words(one: KeyNumber) -> str:
    parts = (("name", one.name), ("value", one.value), ("meaning", one.meaning))
    return element("div", *(element("div", text(words), css=f"pta-key-{part}") for part, words in parts))
