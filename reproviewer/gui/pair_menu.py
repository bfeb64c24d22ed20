"""What can be done with a tensor: copy its name, give it a tolerance, pair it with another one, or with none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QMenu

from reproviewer.core.pairing import CHOSEN
from reproviewer.core.tensor_rows import partners
from reproviewer.gui import dialogs

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reproviewer.core.tensor_rows import TensorRow
    from reproviewer.core.verdict import Comparison

MAX_OFFERED = 20
"""So many partners are offered in the menu itself, the likely ones; all of them in a list of their own."""


class PairMenu(QMenu):
    """The menu of one line; the signals are those of the card of tensors."""

    pairWanted = Signal(str, str)
    unpairWanted = Signal(str)
    ruleWanted = Signal(object, object)
    toleranceWanted = Signal(str)

    def __init__(self, line: TensorRow, pairing: Comparison | None, parent: QWidget, other: str = "") -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._line, self._over = line, parent
        found = pairing.by_name.get(line.name) if pairing else None
        self._names = found.names if found else (line.name, None)
        self._free, self._taken = partners(pairing, line.name) if pairing else ((), ())
        self.addAction(self.tr("&Copy the name"), lambda: QApplication.clipboard().setText(line.name))
        self.addAction(
            self.tr("&Tolerance for this tensor…"), lambda: self.toleranceWanted.emit(self._names[0] or line.name)
        )
        self.addSection(other) if other else self.addSeparator()
        self._add_partners()
        apart = self.addAction(self.tr("&Do not pair"), lambda: self.unpairWanted.emit(line.name))
        apart.setEnabled(found is not None and None not in found.names)
        again = self.addAction(self.tr("Pair by the &rules again"), lambda: self.ruleWanted.emit(*self._names))
        again.setEnabled(found is not None and (None in found.names or found.rule == CHOSEN))

    def _add_partners(self) -> None:
        offers = QMenu(self.tr("&Pair with"), self)
        self.addMenu(offers)
        offers.setEnabled(bool(self._free or self._taken))
        free, taken = self._likely(self._free), self._likely(self._taken)
        for name in free[:MAX_OFFERED]:
            self._offer(offers, name, self.tr("{name}  (has no partner)").format(name=name))
        if free and taken:
            offers.addSeparator()
        for name in taken[: max(0, MAX_OFFERED - len(free))]:
            self._offer(offers, name, name)
        if len(free) + len(taken) > MAX_OFFERED:
            offers.addSeparator()
            offers.addAction(self.tr("&Another of {n}…").format(n=len(free) + len(taken)), self._ask)

    def _likely(self, names: tuple[str, ...]) -> list[str]:
        """Those first whose name ends alike (`kernel`)."""
        end = self._line.name.removesuffix(":0").rpartition("/")[2]
        return sorted(names, key=lambda name: name.removesuffix(":0").rpartition("/")[2] != end)

    def _offer(self, menu: QMenu, name: str, text: str) -> None:
        menu.addAction(text.replace("&", "&&"), lambda: self._pair(name))

    def _ask(self) -> None:
        names = [*self._likely(self._free), *self._likely(self._taken)]
        name = dialogs.ask_choice(self._over, self.tr("Pair with"), self._line.label, names)
        if name is not None:
            self._pair(name)

    def _pair(self, name: str) -> None:
        mine = self._names[0]
        self.pairWanted.emit(*((mine, name) if mine is not None else (name, self._names[1] or "")))
