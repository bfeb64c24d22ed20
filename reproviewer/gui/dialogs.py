"""The platform's own file dialogs, the crash report, and other short talks with the person."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMessageBox, QTextEdit, QWidget

from reproviewer import __version__

if TYPE_CHECKING:
    from reproviewer.gui.settings import Settings

DETAILS_PX = QSize(640, 240)


def tr(text: str) -> str:
    """A text of a dialog in the person's language."""
    return QCoreApplication.translate("Dialogs", text)


def ask_open(parent: QWidget, settings: Settings, purpose: str, title: str, filters: list[str]) -> list[Path]:
    """Ask for files to open; empty when the person changed their mind."""
    names, _ = QFileDialog.getOpenFileNames(parent, title, str(settings.folder(purpose)), ";;".join(filters))
    paths = [Path(name) for name in names]
    if paths:
        settings.set_folder(purpose, paths[0].parent)
    return paths


def ask_save(
    parent: QWidget, settings: Settings, purpose: str, title: str, name: str, filters: list[str]
) -> tuple[Path, str] | None:
    """Ask where to save; the path and the chosen filter, or None."""
    start = str(settings.folder(purpose) / name)
    chosen, which = QFileDialog.getSaveFileName(parent, title, start, ";;".join(filters))
    if not chosen:
        return None
    path = Path(chosen)
    if path.parent.is_dir():
        settings.set_folder(purpose, path.parent)
    return path, which


def ask_text(parent: QWidget, title: str, label: str, text: str) -> str | None:
    """Ask for one line of text."""
    answer, accepted = QInputDialog.getText(parent, title, label, text=text)
    return answer.strip() if accepted and answer.strip() else None


def ask_choice(parent: QWidget, title: str, label: str, choices: list[str]) -> str | None:
    """Ask for one of these."""
    answer, accepted = QInputDialog.getItem(parent, title, label, choices, 0, False)
    return answer if accepted else None


def ask_replace(parent: QWidget, path: Path) -> bool:
    """Ask whether an existing file may be replaced."""
    text = tr("{file} is already there. Replace it?").format(file=path.name)
    return QMessageBox.question(parent, tr("Replace?"), text) == QMessageBox.StandardButton.Yes


def show_details(parent: QWidget, sentence: str, details: str) -> None:
    """A failure with what an expert wants to read."""
    box = QMessageBox(QMessageBox.Icon.Warning, tr("Details"), sentence, QMessageBox.StandardButton.Close, parent)
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    _set_details(box, details)
    box.setDefaultButton(QMessageBox.StandardButton.Close)
    for button in box.buttons():
        if box.buttonRole(button) is QMessageBox.ButtonRole.ActionRole:
            button.click()  # they were asked for already
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def show_text(parent: QWidget, title: str, text: str) -> None:
    """A short text to read."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, text, QMessageBox.StandardButton.Close, parent)
    box.setTextFormat(Qt.TextFormat.RichText)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def show_crash(parent: QWidget | None, error: BaseException) -> None:
    """The one crash dialog, with a report to copy."""
    report = f"ReproViewer {__version__}\n" + "".join(traceback.format_exception(error))
    box = QMessageBox(
        QMessageBox.Icon.Critical,
        tr("Something went wrong"),
        tr("Something went wrong inside ReproViewer. Your runs are still here; you can go on, or save them first."),
        QMessageBox.StandardButton.Close,
        parent,
    )
    copy = box.addButton(tr("Copy report"), QMessageBox.ButtonRole.ActionRole)  # one made here would be gone at once
    copy.clicked.disconnect()  # it leaves the dialog open
    copy.clicked.connect(lambda: QApplication.clipboard().setText(report))
    _set_details(box, report)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def _set_details(box: QMessageBox, details: str) -> None:
    """Give the details room for lines of their usual length; Qt leaves them four short ones."""
    box.setDetailedText(details)
    field = box.findChild(QTextEdit)
    if isinstance(field, QTextEdit):
        field.setMinimumWidth(DETAILS_PX.width())
        field.setFixedHeight(DETAILS_PX.height())
