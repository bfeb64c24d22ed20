"""A small window that finds a layer by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListWidget, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from reproviewer.core.catalog import Catalog

USUAL = (
    "Input", "Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv2D", "SeparableConv2D",
    "Conv2DTranspose", "Embedding", "SimpleRNN", "LSTM", "GRU", "Bidirectional", "BatchNormalization",
    "LayerNormalization", "Dropout", "GaussianNoise", "Flatten", "Reshape", "Activation", "PReLU", "MaxPooling2D",
    "AveragePooling2D", "GlobalAveragePooling2D",
)  # fmt: skip
"""The layers that come first as long as nothing is searched for."""
WIDTH_PX, HEIGHT_PX = 250, 300


class LayerChooser(QFrame):
    """A search field over a list of all layers. `chosen` carries the name."""

    chosen = Signal(str)

    def __init__(self, catalog: Catalog, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._names: tuple[str, ...] = ()
        self._setup_ui()
        self._layout()
        self.set_catalog(catalog)

    def set_catalog(self, catalog: Catalog) -> None:
        """Offer the layers of this Keras."""
        names = catalog.choices("layers")
        self._names = (*(n for n in USUAL if n in names), *(n for n in sorted(names) if n not in USUAL))
        self._fill(self.search.text())

    def open_below(self, button: QWidget) -> None:
        """Open below a button, with an empty search."""
        self.search.clear()
        self._fill("")
        self.resize(WIDTH_PX, HEIGHT_PX)
        self.move(self._place(button))
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows of the search field walk through the list."""
        keys = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in keys:
            self.list.event(event)
            return True
        return super().eventFilter(watched, event)

    def _setup_ui(self) -> None:
        self.setProperty("kind", "card")
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search layers"))
        self.search.setAccessibleName(self.tr("Search layers"))
        self.search.setClearButtonEnabled(False)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Layers"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._none = QLabel(self.tr("This Keras has no such layer."))
        self._none.setProperty("kind", "caption")
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._choose)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)

    def _layout(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.search)
        column.addWidget(self._none)
        column.addWidget(self.list, 1)

    def _fill(self, wanted: str) -> None:
        self.list.clear()
        self.list.addItems(matching(self._names, wanted))
        self.list.setCurrentRow(0)
        self._none.setVisible(self.list.count() == 0)

    def _choose(self) -> None:
        item = self.list.currentItem()
        if item is not None and self.isVisible():
            self.close()
            self.chosen.emit(item.text())

    def _place(self, button: QWidget) -> QPoint:
        """Below the button, but on the screen."""
        place = button.mapToGlobal(QPoint(0, button.height() + 4))
        room = button.screen().availableGeometry()
        if place.y() + HEIGHT_PX > room.bottom():
            place = button.mapToGlobal(QPoint(0, -HEIGHT_PX - 4))
        return QPoint(max(min(place.x(), room.right() - WIDTH_PX), room.left()), max(place.y(), room.top()))


def matching(names: tuple[str, ...], wanted: str) -> list[str]:
    """The names that begin with what is wanted, then those that contain it."""
    wanted = wanted.strip().lower()
    begins = [name for name in names if name.lower().startswith(wanted)]
    return begins + [name for name in names if wanted in name.lower() and name not in begins]
