"""The choice of the kind of plot: a button for each; where there is no room, the last ones are in a menu."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QAction, QActionGroup, QFontMetricsF
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from reproviewer.core.plot_state import PLOT_KINDS, PlotKind
from reproviewer.gui.theme import GRID_PX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QShowEvent

ALWAYS = 2
"""So many kinds have a button at any width."""
MARK, PADDING_PX = " ▾", 3 * GRID_PX


class KindSwitch(QWidget):
    """Says `kindChosen`; shows what it is told to."""

    kindChosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind: PlotKind = PLOT_KINDS[0]
        self._texts = dict(zip(PLOT_KINDS, self._kinds(), strict=True))
        self._group = QButtonGroup(self)
        self._buttons = {kind: self._button(kind) for kind in PLOT_KINDS}
        self._actions: dict[str, QAction] = {}
        self._room = math.inf
        self._more = self._make_more()
        self._layout()
        self._name_more()
        self._arrange()

    @property
    def is_compact(self) -> bool:
        """Whether the last kinds are in the menu."""
        return not self._more.isHidden()

    def show_kind(self, kind: PlotKind) -> None:
        """Mark this kind."""
        self._kind = kind
        self._buttons[kind].setChecked(True)
        if kind in self._actions:
            self._actions[kind].setChecked(True)
        self._name_more()

    def fit(self, room: float) -> None:
        """Take the form that fits into this width, in pixels."""
        self._room = room
        self._arrange()

    def sizeHint(self) -> QSize:
        """The form that was taken."""
        return self.compact_size if self.is_compact else self.full_size

    @property
    def full_size(self) -> QSize:
        """A button for each kind."""
        return self._size(tuple(self._buttons.values()))

    @property
    def compact_size(self) -> QSize:
        """The first kinds and the menu."""
        return self._size((*tuple(self._buttons.values())[:ALWAYS], self._more))

    def changeEvent(self, event: QEvent) -> None:
        """Measure again in another font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._measure()

    def showEvent(self, event: QShowEvent) -> None:
        """Measure in the font of the style sheet, which is known by now."""
        super().showEvent(event)
        self._measure()

    def _kinds(self) -> Iterator[tuple[str, str]]:
        yield self.tr("&Bars"), self.tr("A bar with its number for every weight (small tensors)")
        yield self.tr("&Heat map"), self.tr("A picture of the matrix, one colour range for all runs")
        yield self.tr("H&istogram"), self.tr("How the values are distributed, all runs over each other")
        yield self.tr("&Values"), self.tr("A table of the values in every run")
        yield self.tr("&Distances"), self.tr("How many elements of the whole tensor are how far from the reference's")
        yield self.tr("&Scatter"), self.tr("The values of the whole tensor against the reference's")

    def _button(self, kind: PlotKind) -> QToolButton:
        button = QToolButton()
        text, tip = self._texts[kind]
        button.setText(text.replace("&", ""))  # with Alt, a letter belongs to the menu bar
        button.setToolTip(tip)
        button.setCheckable(True)
        button.setProperty("kind", "segment")
        button.clicked.connect(lambda: self.kindChosen.emit(kind))
        self._group.addButton(button)
        return button

    def _make_more(self) -> QToolButton:
        more = QToolButton()
        more.setCheckable(True)
        more.setProperty("kind", "segment")
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setToolTip(self.tr("Further kinds of plot"))
        menu, group = QMenu(more), QActionGroup(self)
        menu.setToolTipsVisible(True)
        for kind in PLOT_KINDS[ALWAYS:]:
            action = QAction(self._texts[kind][0], menu)
            action.setToolTip(self._texts[kind][1])
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, k=kind: self.kindChosen.emit(k))
            group.addAction(action)
            menu.addAction(action)
            self._actions[kind] = action
        menu.aboutToHide.connect(self._name_more)
        more.setMenu(menu)
        return more

    def _layout(self) -> None:
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX // 2)
        for button in (*self._buttons.values(), self._more):
            row.addWidget(button)

    def _arrange(self) -> None:
        compact = self._room < self.full_size.width()
        for kind in PLOT_KINDS[ALWAYS:]:
            self._buttons[kind].setVisible(not compact)
        self._more.setVisible(compact)
        self.updateGeometry()

    def _measure(self) -> None:
        """Give the menu's button room for every name it may have."""
        bold = self._more.font()
        bold.setBold(True)
        metrics = QFontMetricsF(bold)
        widest = max(metrics.horizontalAdvance(action.text() + MARK) for action in self._actions.values())
        self._more.setMinimumWidth(math.ceil(widest) + PADDING_PX)
        self._arrange()

    def _name_more(self) -> None:
        """The menu is called as the kind that was chosen from it."""
        chosen = self._kind in self._actions
        self._more.setText((self._texts[self._kind][0].replace("&", "") if chosen else self.tr("More")) + MARK)
        self._more.setChecked(chosen)

    def _size(self, buttons: tuple[QToolButton, ...]) -> QSize:
        hints = [button.sizeHint().expandedTo(button.minimumSize()) for button in buttons]
        width = sum(hint.width() for hint in hints) + (len(hints) - 1) * (GRID_PX // 2)
        return QSize(width, max(hint.height() for hint in hints))
