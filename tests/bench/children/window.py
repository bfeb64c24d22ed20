"""A process with a window: `ours` or `bare`; says so when the window has been painted."""

import sys


def painted() -> None:
    """Tell the parent, which then ends this process."""
    print("painted", flush=True)


def bare() -> int:
    """The least that shows a pyqtgraph plot."""
    import pyqtgraph
    from PySide6.QtWidgets import QApplication

    class Plot(pyqtgraph.PlotWidget):
        def paintEvent(self, event):
            super().paintEvent(event)
            painted()

    app = QApplication([])
    plot = Plot()
    plot.plot([1, 3, 2])
    plot.show()
    return app.exec()


if sys.argv[1] == "ours":
    from reproviewer.app import main

    sys.exit(main([], on_painted=painted))
sys.exit(bare())
