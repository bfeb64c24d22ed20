"""The verdict: the largest text of the window, its reason, and one button that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from reproviewer.core.sentences import SIGNS
from reproviewer.gui.texts import shown
from reproviewer.gui.theme import GRID_PX, Theme

if TYPE_CHECKING:
    from reproviewer.core.verdict_view import VerdictView

HEIGHT_PX = 96


class VerdictLine(QFrame):
    """Shows a VerdictView; `actionRequested(key)` when its button is pressed. Its height never changes."""

    actionRequested = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view: VerdictView | None = None
        self._setup_ui()
        self._layout()

    def show_view(self, view: VerdictView) -> None:
        """Show this verdict."""
        if view == self._view:
            return
        self._view = view
        sign = SIGNS[view.verdict] + "  " if view.verdict else ""
        headline = shown(view.headline)
        self._headline.setText(sign + (headline.upper() if view.verdict else headline))
        for label, said in ((self._facts, view.facts), (self._reason, view.reason)):
            label.setText(shown(said) if said else "")
            label.setToolTip(label.text())
            label.setVisible(said is not None)  # an empty one would take a line from the other
        self._show_action(view.action)
        self._show_progress(view.progress)
        self.setAccessibleName(self.tr("Verdict"))
        self.setAccessibleDescription(" ".join([headline, self._facts.text(), self._reason.text()]).strip())
        self._colour()

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of this theme."""
        self._theme = theme
        self._colour()

    def _setup_ui(self) -> None:
        self.setObjectName("verdict")
        self.setFixedHeight(HEIGHT_PX)
        self._headline = QLabel()
        self._headline.setObjectName("verdict-word")
        self._facts = self._line("verdict-facts")
        self._reason = self._line("verdict-reason")
        self._button = QPushButton()
        self._button.setObjectName("verdict-action")
        self._button.clicked.connect(self._act)
        keep_place = self._button.sizePolicy()
        keep_place.setRetainSizeWhenHidden(True)
        self._button.setSizePolicy(keep_place)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(GRID_PX // 2)
        self._progress.setAccessibleName(self.tr("Progress"))
        keep_place = self._progress.sizePolicy()
        keep_place.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(keep_place)

    def _line(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        return label

    def _layout(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addSpacing(GRID_PX)
        words.addWidget(self._headline)
        words.addWidget(self._facts)
        words.addWidget(self._reason)
        words.addStretch(1)
        across = QHBoxLayout()
        across.setSpacing(2 * GRID_PX)
        across.addLayout(words, 1)
        across.addWidget(self._button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2 * GRID_PX, GRID_PX // 2, 2 * GRID_PX, GRID_PX // 2)
        whole.setSpacing(0)
        whole.addLayout(across, 1)
        whole.addWidget(self._progress)

    def _show_action(self, action: str) -> None:
        text, tip = self._action_texts().get(action, ("", ""))
        self._button.setText(text)
        self._button.setToolTip(tip)
        self._button.setVisible(bool(text))

    def _action_texts(self) -> dict[str, tuple[str, str]]:
        return {
            "build": (self.tr("Build"), self.tr("Build all runs and compare the weights (Ctrl+R)")),
            "build-twice": (self.tr("Build twice"), self.tr("Build the model twice and compare the weights")),
            "compare": (self.tr("Compare"), self.tr("Compare what is on the shelf")),
            "stop": (self.tr("Stop"), self.tr("Stop what is running (Esc)")),
            "reload": (self.tr("Reload"), self.tr("Read the changed files again and compare what they hold now")),
            "remove": (self.tr("Remove"), self.tr("Take the files that are gone off the shelf")),
            "dismiss": (self.tr("OK"), self.tr("Go on (Esc)")),
            "details": (self.tr("Details…"), self.tr("Show all that was said about it (Esc: go on)")),
            "set-seed": (self.tr("Set a seed"), self.tr("Call keras.utils.set_random_seed before every build")),
            "seed-each": (self.tr("Seed before every build"), self.tr("Make the seeding calls before every build")),
            "use-set-random-seed": (
                self.tr("Use set_random_seed"),
                self.tr("Call keras.utils.set_random_seed before every build instead"),
            ),
            "same-seed": (self.tr("Build again"), self.tr("Build all runs again with the seed of the experiment")),
        }

    def _show_progress(self, progress: tuple[int, int] | None) -> None:
        self._progress.setVisible(progress is not None)
        if progress is not None:
            self._progress.setRange(0, progress[1])
            self._progress.setValue(progress[0])

    def _colour(self) -> None:
        verdict = self._view.verdict if self._view else None
        face = self._view.face if self._view else "empty"
        is_past = self._view is not None and self._view.is_past
        self.setProperty("tone", "plain" if is_past else _TONES.get(str(verdict or face), "plain"))
        for widget in (self, self._headline, self._button):
            widget.style().unpolish(widget)
            widget.style().polish(widget)

    def _act(self) -> None:
        if self._view is not None and self._view.action:
            self.actionRequested.emit(self._view.action)


_TONES = {
    "identical": "good",
    "different": "bad",
    "mismatched": "bad",
    "equal": "between",
    "close": "between",
    "failed": "bad",
    "changed": "between",
}
