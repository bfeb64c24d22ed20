"""What the window remembers. A corrupt settings file is no obstacle: what cannot be read is forgotten."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

THEMES = ("system", "light", "dark")


class Settings:
    """Remembers layout, theme, and the folders chosen last."""

    def __init__(self) -> None:
        self._store = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "ReproViewer", "ReproViewer")

    def bytes(self, key: str) -> QByteArray:
        """A stored layout, empty when there is none or it is damaged."""
        value = self._store.value(f"layout/{key}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def set_bytes(self, key: str, value: QByteArray) -> None:
        """Remember a layout."""
        self._store.setValue(f"layout/{key}", value)

    @property
    def theme(self) -> str:
        """The chosen theme: system, light or dark."""
        value = str(self._store.value("theme", "system"))
        return value if value in THEMES else "system"

    @theme.setter
    def theme(self, value: str) -> None:
        self._store.setValue("theme", value)

    @property
    def experiment(self) -> str:
        """The experiment of the last session as the text of its file, empty when there is none."""
        return str(self._store.value("experiment", ""))

    @experiment.setter
    def experiment(self, text: str) -> None:
        self._store.setValue("experiment", text)

    def folder(self, key: str) -> Path:
        """The folder chosen last for this purpose, if it is still there; else the home folder."""
        path = Path(str(self._store.value(f"folder/{key}", "")))
        return path if str(path) != "." and path.is_dir() else Path.home()

    def set_folder(self, key: str, path: Path) -> None:
        """Remember the folder chosen for this purpose."""
        self._store.setValue(f"folder/{key}", str(path))

    def save(self) -> None:
        """Write it to disk now."""
        self._store.sync()
