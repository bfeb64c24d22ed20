"""The shelf: a card for every run and file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QScrollArea, QSizePolicy, QToolButton, QWidget

from reproviewer.core.message import one_line
from reproviewer.core.sentences import SIGNS
from reproviewer.gui.panel.section import tab_before
from reproviewer.gui.texts import word
from reproviewer.gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from reproviewer.core.view_state import Card

CARD_WIDTH_PX, CARD_HEIGHT_PX = 208, 48
ROOM_PX = CARD_WIDTH_PX - 48
"""For the text of a card, beside its swatch."""
ABOUT_LINES, ABOUT_CHARACTERS = 12, 120
"""So much of what a file says about itself is told under the mouse."""
MAX_CARDS = 60
"""More runs than this are shown by the small multiples alone; the shelf ends with their number."""


class CardButton(QToolButton):
    """One item. A click looks at it alone, a second one at all (`focusWanted` without an id).

    A double click makes it the reference; the menu does the rest.
    """

    focusWanted = Signal(str)
    referenceWanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.card: Card | None = None
        self.clicked.connect(self._focus)
        self.setProperty("kind", "run-card")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(20, 12))
        self.setFixedSize(CARD_WIDTH_PX, CARD_HEIGHT_PX)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def show_card(self, card: Card, theme: Theme) -> None:
        """Show this item."""
        if card == self.card and theme is self._theme:
            return
        self.card, self._theme = card, theme
        self.ensurePolished()
        second = self._second_line(card)
        lines = f"{self._first_line(card)}\n{second}"
        self.setText(lines.replace("&", "&&"))
        self.setIcon(_swatch(theme.run(card.colour), card.kind))
        self.setProperty("reference", card.is_reference)
        self.setProperty("shown", card.is_shown)
        self.setToolTip(self._tip(card))
        shown_below = self.tr(", shown below") if card.is_shown else ""
        self.setAccessibleName(f"{self._template(card).format(run=card.label)}, {second}{shown_below}")
        self.style().unpolish(self)
        self.style().polish(self)

    def mouseDoubleClickEvent(self, event: object) -> None:
        if self.card is not None:
            self.referenceWanted.emit(self.card.id)

    def _focus(self) -> None:
        if self.card is not None:
            alone = self.card.is_chosen or self.card.is_reference
            self.focusWanted.emit("" if alone else self.card.id)

    def _first_line(self, card: Card) -> str:
        template = self._template(card)
        room = ROOM_PX - self.fontMetrics().horizontalAdvance(template.format(run=""))
        label = self.fontMetrics().elidedText(card.label, Qt.TextElideMode.ElideMiddle, room)
        return template.format(run=label)

    def _template(self, card: Card) -> str:
        return self.tr("{run} · reference") if card.is_reference else "{run}"

    def _second_line(self, card: Card) -> str:
        if card.gone:
            return self.tr("the file is gone")
        if card.changed:
            return self.tr("changed on disk")
        if card.is_empty:
            return self.tr("no weights")
        short = f"{card.digest[:4]} {card.digest[4:8]}" if card.digest else "…"
        if card.kind == "file":  # its order of tensors, and so its digest, may be another at the same weights
            short = self.tr("file")
        if card.verdict is not None:
            told = f"{SIGNS[card.verdict]} {word(card.verdict)}"
            whole = f"{told} · {short}"
            return whole if self.fontMetrics().horizontalAdvance(whole) <= ROOM_PX else told
        return short

    def _tip(self, card: Card) -> str:
        lines = [card.label]
        if card.digest and card.kind != "file" and not card.is_empty:
            lines.append(self.tr("sha256 of the weights: {digest}").format(digest=card.digest))
        if card.kept:
            lines.append(self.tr("Kept when you build again"))
        if card.is_shown:
            lines.append(self.tr("Its difference is shown below."))
        lines += [one_line(f"{key}: {value}"[:ABOUT_CHARACTERS]) for key, value in card.about[:ABOUT_LINES]]
        lines.append(self._clicks(card))
        return "\n".join(lines)

    def _clicks(self, card: Card) -> str:
        if card.is_reference:
            return self.tr("All others are compared with this one. Click to see all of them in the list of tensors.")
        if card.is_chosen:
            return self.tr("Click to see all others in the list again; double-click to make it the reference.")
        return self.tr("Click to see it alone; double-click to make it the reference.")


class Shelf(QScrollArea):
    """Shows cards and says what the person wants done with one of them."""

    focusWanted = Signal(str)
    referenceWanted = Signal(str)
    removeWanted = Signal(str)
    keepWanted = Signal(str, bool)
    saveWanted = Signal(str)
    renameWanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._cards: tuple[Card, ...] = ()
        self._buttons: list[CardButton] = []
        self._setup_ui()

    def show_cards(self, cards: tuple[Card, ...]) -> None:
        """Show these items."""
        if cards == self._cards:
            return
        self._cards = cards
        self._refresh()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        self._refresh()

    def _setup_ui(self) -> None:
        self.setObjectName("shelf")
        self.setAccessibleName(self.tr("Shelf of runs and files"))
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(CARD_HEIGHT_PX + 10)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        inner.setObjectName("shelf-inner")
        self._row = QHBoxLayout(inner)
        self._row.setContentsMargins(0, 0, 0, 10)
        self._row.setSpacing(GRID_PX)
        self._more = QToolButton()
        self._more.setProperty("kind", "run-card")
        self._more.setEnabled(False)
        self._more.setFixedHeight(CARD_HEIGHT_PX)
        self._more.hide()
        self._hint = QLabel(
            self.tr("Runs and weight files appear here. Drop weight files on the window to compare them.")
        )
        self._hint.setProperty("kind", "hint")
        self._row.addWidget(self._hint)
        self._row.addWidget(self._more)
        self._row.addStretch(1)
        self.setWidget(inner)

    def _refresh(self) -> None:
        shown = self._cards[:MAX_CARDS]
        self._hint.setVisible(not shown)
        while len(self._buttons) < len(shown):
            self._add_button()
        for position, button in enumerate(self._buttons):
            button.setVisible(position < len(shown))
            if position < len(shown):
                button.show_card(shown[position], self._theme)
        self._more.setVisible(len(self._cards) > MAX_CARDS)
        self._more.setText(self.tr("… and {n} more").format(n=len(self._cards) - MAX_CARDS))

    def _add_button(self) -> None:
        button = CardButton(self._theme)
        button.focusWanted.connect(self.focusWanted)
        button.referenceWanted.connect(self.referenceWanted)
        button.customContextMenuRequested.connect(lambda at: self._open_menu(button, at))
        self._row.insertWidget(len(self._buttons), button)
        if self._buttons:
            QWidget.setTabOrder(self._buttons[-1], button)
        else:
            tab_before(self._more, button)
        self._buttons.append(button)

    def _open_menu(self, button: CardButton, at: QPoint) -> None:
        if button.card is None:
            return
        menu = self.menu_for(button.card)
        menu.setParent(button, Qt.WindowType.Popup)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(button.mapToGlobal(at))

    def menu_for(self, card: Card) -> QMenu:
        """What can be done with an item."""
        menu = QMenu()
        reference = menu.addAction(self.tr("Make it the &reference"), lambda: self.referenceWanted.emit(card.id))
        reference.setEnabled(not card.is_reference)
        if card.kind != "file":
            keep: QAction = menu.addAction(self.tr("&Keep when building again"))
            keep.setCheckable(True)
            keep.setChecked(card.kept)
            keep.toggled.connect(lambda kept: self.keepWanted.emit(card.id, kept))
        menu.addAction(self.tr("Re&name…"), lambda: self.renameWanted.emit(card.id))
        menu.addAction(self.tr("&Save weights…"), lambda: self.saveWanted.emit(card.id))
        menu.addSeparator()
        menu.addAction(self.tr("Remove from the &shelf"), lambda: self.removeWanted.emit(card.id))
        return menu


def _swatch(colour: str, kind: str) -> QIcon:
    """A square in the run's colour; a framed one for a file."""
    pixmap = QPixmap(40, 24)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if kind == "file":
        painter.setPen(QColor(colour))
        painter.drawRect(2, 2, 19, 19)
        painter.fillRect(7, 7, 10, 10, QColor(colour))
    else:
        painter.fillRect(2, 2, 20, 20, QColor(colour))
    painter.end()
    pixmap.setDevicePixelRatio(2.0)
    return QIcon(pixmap)
