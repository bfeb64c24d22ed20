"""What the window shows, as a picture, without a screen."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from reproviewer.core.cause import cause
from reproviewer.core.compare import compare
from reproviewer.core.known import Findings, Status
from reproviewer.core.message import ReproError
from reproviewer.core.session import Item, Session, add
from reproviewer.core.view_state import ViewState, resolve
from reproviewer.core.weights import digest
from reproviewer.gui import theme as themes
from reproviewer.gui.plot_card import PlotCard
from reproviewer.gui.plots.export import save_png, save_svg
from reproviewer.gui.shelf import Shelf
from reproviewer.gui.tensor_tree import TensorTree
from reproviewer.gui.theme import GRID_PX, LIGHT, Theme
from reproviewer.gui.verdict_line import VerdictLine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reproviewer.core.experiment import Experiment
    from reproviewer.core.verdict_view import VerdictView

SIZE = QSize(1120, 720)


def render_items(items: Iterable[Item], out: Path, experiment: Experiment | None = None) -> VerdictView:
    """Compare items with the first of them and write what the window shows as `.png` or `.svg`.

    Returns what the verdict line says. Raises ReproError when there is nothing to draw, or the file cannot be written.
    """
    session = Session() if experiment is None else Session(experiment=experiment)
    for item in items:
        session = add(session, item)
    state = resolve(session, _findings(session), Status(phase="ready"))
    if state.plot is None:
        raise ReproError("There is nothing to draw: no weights, and no drawn numbers.")
    themes.apply(application(), LIGHT)
    page = Page(state, LIGHT)
    page.draw(out)
    return state.verdict


class Page(QWidget):
    """Verdict, shelf, tensors and plots: the window without its controls."""

    def __init__(self, state: ViewState, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("desk")
        self._verdict, self._shelf = VerdictLine(theme), Shelf(theme)
        self._tensors, self._plots = TensorTree(theme), PlotCard(theme)
        self._layout()
        self.resize(SIZE)
        self._verdict.show_view(replace(state.verdict, action=""))
        self._shelf.show_cards(state.cards)
        self._tensors.show_list(state.tensors, state.selected)
        self._plots.show_plot(state.plot, state.kind)

    def draw(self, out: Path) -> None:
        """Write the page as `.png` or `.svg`."""
        self._plots.area.wait_until_drawn()
        QApplication.processEvents()
        try:
            if out.suffix.lower() == ".png":
                save_png(self, out)
            elif out.suffix.lower() == ".svg":
                save_svg(self, out, out.stem)
            else:
                raise ReproError("A picture is a .png or a .svg file, not {file}.", file=out.name)
        finally:
            self._plots.finish()
            self.close()

    def _layout(self) -> None:
        below = QHBoxLayout()
        below.setSpacing(GRID_PX)
        self._tensors.setFixedWidth(232)
        below.addWidget(self._tensors)
        below.addWidget(self._plots, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(GRID_PX)
        column.addWidget(self._verdict)
        column.addWidget(self._shelf)
        column.addLayout(below, 1)


def application() -> QApplication:
    """The application, made without a screen where there is none."""
    present = QApplication.instance()
    if isinstance(present, QApplication):
        return present
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return QApplication(sys.argv[:1])


def _findings(session: Session) -> Findings:
    reference = session.reference_item
    if reference is None:
        return Findings()
    comparisons = {item.id: compare(reference.weights, item.weights) for item in session.others()}
    digests = {item.id: digest(item.weights.only("weight", "draw")) for item in session.items}
    for item in session.others():
        if found := cause(reference.record, item.record, comparisons[item.id]):
            return Findings(comparisons, digests, found, item.id)
    return Findings(comparisons, digests)
