"""The colours, sizes and style of the window, light and dark."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette

from reproviewer import resources
from reproviewer.core.verdict import Verdict

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

GRID_PX = 8
CAPTION_PX, TEXT_PX, VERDICT_PX = 11, 13, 17


@dataclass(frozen=True)
class Theme:
    """Colours as `#rrggbb`. `runs` are the colours of runs, in order, repeating."""

    name: str
    ground: str
    card: str
    line: str
    control_line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    selection: str
    identical_ink: str
    identical_ground: str
    between_ink: str
    between_ground: str
    different_ink: str
    different_ground: str
    runs: tuple[str, ...]

    def ink(self, verdict: Verdict) -> str:
        """The colour of a verdict's sign and word."""
        return {
            Verdict.IDENTICAL: self.identical_ink,
            Verdict.DIFFERENT: self.different_ink,
            Verdict.MISMATCHED: self.different_ink,
        }.get(verdict, self.between_ink)

    def tint(self, verdict: Verdict) -> str:
        """The ground that a verdict is written on."""
        return {
            Verdict.IDENTICAL: self.identical_ground,
            Verdict.DIFFERENT: self.different_ground,
            Verdict.MISMATCHED: self.different_ground,
        }.get(verdict, self.between_ground)

    def run(self, index: int) -> str:
        """The colour of the run at this place of the shelf."""
        return self.runs[index % len(self.runs)]


LIGHT = Theme(
    name="light",
    ground="#F7F7F5",
    card="#FFFFFF",
    line="#E3E3DF",
    control_line="#8A8F95",
    text="#1F2328",
    muted="#5F656C",
    accent="#2F5FDE",
    on_accent="#FFFFFF",
    selection="#E9EFFD",
    identical_ink="#0B6E69",
    identical_ground="#E3F3F1",
    between_ink="#6B5A0E",
    between_ground="#F6F0DA",
    different_ink="#B3400E",
    different_ground="#FBEAE1",
    runs=("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"),
)
DARK = Theme(
    name="dark",
    ground="#17191C",
    card="#1F2226",
    line="#32363C",
    control_line="#767D86",
    text="#E6E8EA",
    muted="#9AA1A9",
    accent="#7AA2FF",
    on_accent="#10131A",
    selection="#26334F",
    identical_ink="#5CC9C0",
    identical_ground="#15302E",
    between_ink="#D9C46A",
    between_ground="#2F2B17",
    different_ink="#F29A6B",
    different_ground="#38231A",
    runs=("#4DA3D9", "#F0B840", "#3CC29B", "#DD9DC0", "#8CCBF0", "#EE8540"),
)


def system_theme() -> Theme:
    """The theme that the desktop asks for."""
    return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole application this theme: palette for what Qt draws, style sheet for the rest."""
    app.setStyle("Fusion")
    app.setPalette(_palette(theme))
    app.setStyleSheet(style_sheet(theme))


def style_sheet(theme: Theme) -> str:
    """The style sheet of `resources/themes/window.qss` with this theme's colours in place of `@name@`."""
    sheet = resources.read_text("themes/window.qss")
    for name, value in asdict(theme).items():
        if isinstance(value, str):
            sheet = sheet.replace(f"@{name}@", value)
    return sheet.replace("@icons@", (resources.folder() / "icons").as_posix())


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, theme.ground),
        (roles.WindowText, theme.text),
        (roles.Base, theme.card),
        (roles.AlternateBase, theme.ground),
        (roles.Text, theme.text),
        (roles.Button, theme.card),
        (roles.ButtonText, theme.text),
        (roles.ToolTipBase, theme.card),
        (roles.ToolTipText, theme.text),
        (roles.PlaceholderText, theme.muted),
        (roles.Highlight, theme.selection),
        (roles.HighlightedText, theme.text),
        (roles.Link, theme.accent),
        (roles.Mid, theme.line),
    ):
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.muted))
    return palette
