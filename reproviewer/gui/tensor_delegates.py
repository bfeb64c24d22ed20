"""How a line of the tree of tensors is painted: the verdict's sign before the name, a bar for what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from reproviewer.core.sentences import SIGNS
from reproviewer.core.verdict import Verdict
from reproviewer.gui.tensor_model import SHARE_ROLE, VERDICT_ROLE

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from reproviewer.gui.tensor_model import Index
    from reproviewer.gui.theme import Theme

SIGN_PX, BAR_PX, ROW_PX = 16, 3, 24


class TextDelegate(QStyledItemDelegate):
    """Keeps the colours of texts where the row is selected."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        ink = index.data(Qt.ItemDataRole.ForegroundRole)
        if isinstance(ink, QColor):
            option.palette.setColor(QPalette.ColorRole.HighlightedText, ink)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), ROW_PX)


class SignDelegate(TextDelegate):
    """A name with the verdict's sign before it."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
        option.decorationSize = QSize(SIGN_PX, SIGN_PX)
        option.textElideMode = Qt.TextElideMode.ElideMiddle

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        verdict = index.data(VERDICT_ROLE)
        if verdict is None:
            return
        verdict = Verdict(verdict)
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        style = own.widget.style() if own.widget else QApplication.style()
        room = style.subElementRect(QStyle.SubElement.SE_ItemViewItemDecoration, own, own.widget)
        painter.save()
        painter.setFont(own.font)
        painter.setPen(QColor(self.theme.ink(verdict)))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, SIGNS[verdict])
        painter.restore()


class ShareDelegate(TextDelegate):
    """How much differs, with a bar below the text: its length is the share, never less than can be seen."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        share, verdict = index.data(SHARE_ROLE), index.data(VERDICT_ROLE)
        if share is None or verdict is None:
            return
        rect: QRect = option.rect
        track = QRect(rect.left() + 4, rect.bottom() - BAR_PX, rect.width() - 12, BAR_PX)
        painter.fillRect(track, QColor(self.theme.line))
        track.setWidth(max(2, round(track.width() * min(1.0, share))))
        painter.fillRect(track, QColor(self.theme.ink(Verdict(verdict))))
