"""A window whose 5 ms timer is watched while TensorFlow starts, in the `worker` or in a `thread`: longest gap in ms."""

import sys
import threading
import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

TIMER_MS = 5


class Watch:
    """The longest time between two ticks of a timer."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._last = 0.0
        self._timer = QTimer(interval=TIMER_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._last = time.perf_counter()
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest_s = max(self.longest_s, now - self._last)
        self._last = now


def in_worker(app: QApplication, watch: Watch) -> None:
    """The program as it is: the watch begins when the empty window has been painted, before it is furnished."""
    from reproviewer.gui.main_window import MainWindow
    from reproviewer.gui.opening import Opening
    from reproviewer.gui.settings import Settings

    phases = []

    def follow(controller) -> None:
        def look(state) -> None:
            if state.phase != "starting":
                phases.append(state.phase)
                app.quit()

        controller.stateChanged.connect(look)

    settings = Settings()
    window = MainWindow(settings)
    opening = Opening(window, settings, [])
    opening.furnished.connect(follow)
    window.painted.connect(lambda: QTimer.singleShot(0, watch.start))
    window.painted.connect(opening.start)
    window.show()
    app.exec()
    window.close()
    opening.close()
    if phases[:1] != ["ready"]:
        sys.exit("TensorFlow did not start.")


def in_thread(app: QApplication, watch: Watch) -> None:
    """The rival: an empty window, and `import tensorflow` in a thread beside it."""
    window = QMainWindow()
    window.show()

    def work() -> None:
        import tensorflow  # noqa: F401

        done.append(True)

    done: list[bool] = []
    look = QTimer(interval=TIMER_MS)
    look.timeout.connect(lambda: done and app.quit())
    look.start()
    watch.start()
    threading.Thread(target=work).start()
    app.exec()


if __name__ == "__main__":
    application = QApplication([])
    observer = Watch()
    {"worker": in_worker, "thread": in_thread}[sys.argv[1]](application, observer)
    print(observer.longest_s * 1000)
