"""Numbers and words as the plots write them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QFont, QFontMetricsF

from reproviewer.gui.theme import CAPTION_PX, TEXT_PX

MINUS = "\N{MINUS SIGN}"
"""Between the names of two runs; numbers have a hyphen."""


def tr(text: str) -> str:
    """Translate a text of the plots."""
    return QCoreApplication.translate("Plots", text)


def number(value: float, digits: int = 4, signed: bool = False) -> str:
    """A number in few digits, with the hyphen that reads back as a minus, as in the values in full beside it."""
    if math.isnan(value):
        return "NaN"
    return f"{value:+.{digits}g}" if signed and value else f"{value:.{digits}g}"


def distance(value: float, digits: int, signed: bool = False) -> str:
    """How far two elements are apart; from a NaN or an infinity nothing else is at any finite distance."""
    return number(value, digits, signed) if math.isfinite(value) else tr("not finite")


def count(value: int) -> str:
    """An integer grouped by thousands."""
    return f"{value:,}"


def short_count(value: int) -> str:
    """An integer in at most six signs where that is exact: `2.5M`, `400k`."""
    for unit, sign in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if value >= 10 * unit or (value >= unit and value % (unit // 10) == 0):
            return f"{value / unit:g}{sign}" if value >= 10_000 else count(value)
    return count(value)


def explained_distance() -> str:
    """What stands in a column of distances."""
    return tr("|Δ|: how far the value is from the reference's, the one subtracted from the other, without its sign.")


def explained_ulp() -> str:
    """What stands in a column of distances in ULP."""
    return tr(
        "ULP, units in the last place: how many steps it takes from the reference's value to this one,"
        " each to the next number that the dtype can hold."
    )


@dataclass(frozen=True)
class Title:
    """Names of runs in a template such as `{0} against {1}`."""

    template: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return self.template.format(*self.names)

    def fitted(self, font: QFont, width: float) -> str:
        """All of it, or every name cut in its middle so that none is lost; short names keep their room."""
        metrics = QFontMetricsF(font)
        room = width - metrics.horizontalAdvance(self.template.format(*("" for _ in self.names)))
        cut = dict(enumerate(self.names))
        for left, place in enumerate(sorted(cut, key=lambda i: metrics.horizontalAdvance(cut[i]))):
            share = room / (len(cut) - left)
            cut[place] = metrics.elidedText(cut[place], Qt.TextElideMode.ElideMiddle, max(0.0, share))
            room -= metrics.horizontalAdvance(cut[place])
        return self.template.format(*(cut[i] for i in range(len(cut))))


def caption_font(bold: bool = False) -> QFont:
    """The font of captions and axes, its digits of one width."""
    return _font(CAPTION_PX, bold)


def text_font(bold: bool = False) -> QFont:
    """The font of running text, its digits of one width."""
    return _font(TEXT_PX, bold)


def elided(text: str, font: QFont, width: float) -> str:
    """The text, cut at the right where it does not fit."""
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width)


def first_that_fits(candidates: tuple[str, ...], font: QFont, width: float) -> str:
    """The first of these texts that fits; if none does, the last, cut in its middle."""
    metrics = QFontMetricsF(font)
    fits = (text for text in candidates if metrics.horizontalAdvance(text) <= width)
    return next(fits, metrics.elidedText(candidates[-1], Qt.TextElideMode.ElideMiddle, width))


def _font(size_px: int, bold: bool) -> QFont:
    font = QFont()
    font.setPixelSize(size_px)
    font.setBold(bold)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
