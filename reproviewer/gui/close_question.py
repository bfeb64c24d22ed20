"""Whether to close the window while something runs, or though something would be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from reproviewer.gui.texts import shown

if TYPE_CHECKING:
    from reproviewer.core.view_state import ViewState


class CloseQuestion(QMessageBox):
    """Says what runs, and goes by itself when that has ended; or what would be lost.

    `agreed` is the wish to close all the same.
    """

    agreed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setIcon(QMessageBox.Icon.Question)
        self.setWindowTitle(self.tr("Close?"))
        anyway = self.addButton(self.tr("Close anyway"), QMessageBox.ButtonRole.DestructiveRole)
        anyway.clicked.connect(self.agreed)
        self.setDefaultButton(self.addButton(QMessageBox.StandardButton.Cancel))

    def show_state(self, state: ViewState) -> None:
        """Say how far it is."""
        if not state.busy:
            self.reject()
            return
        self.setInformativeText(self.tr("If you close now it is stopped, and what is not saved is lost."))
        facts = shown(state.verdict.facts) if state.verdict.facts else ""
        self.setText(self.tr("{what}: {how}").format(what=shown(state.verdict.headline), how=facts))

    def show_lost(self, labels: list[str]) -> None:
        """Say which runs would be lost."""
        self.setText(self.tr("Kept, but not saved: {runs}.").format(runs=", ".join(labels)))
        self.setInformativeText(self.tr("The present experiment cannot build this again: if you close now it is lost."))
