"""What tests see in a plot area, and how they point at it."""

from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QLabel


def page(area):
    """The sentence in place of plots, if there is one."""
    return next((label.text() for label in area.findChildren(QLabel) if label.isVisible() and label.wordWrap()), "")


def board(area):
    return area._the_content().board


def notes(area):
    return [panel._note for panel in board(area).panels]


def captions(area):
    return [panel.caption.texts for panel in board(area).panels]


def hover(area, panel, x, y):
    """Put the mouse over an element of a plot."""
    scene = panel.view.mapViewToScene(QPointF(x, y))
    board(area)._on_mouse(scene)


def turn_wheel(widget, place, angle):
    """Turn the wheel over a place of a view of a scene."""
    viewport, nothing = widget.viewport(), Qt.KeyboardModifier.NoModifier
    turn = QPoint(0, angle)
    where = QPointF(place)
    event = QWheelEvent(
        where,
        viewport.mapToGlobal(where),
        QPoint(),
        turn,
        Qt.MouseButton.NoButton,
        nothing,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(viewport, event)
