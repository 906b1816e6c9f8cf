"""Python's collector of cycles, kept to the Qt thread.

The collector runs in whichever thread happens to allocate when it is due. In the link's thread it would destroy Qt
objects that live in the window's, which ends the process. So it is switched off, and called by a timer of the Qt
thread instead. Decides only when.
"""

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 1_000


class Garbage(QObject):
    """One for the application, made in the Qt thread; young objects every second, older ones as Python would."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> int:
        """The generation that was collected; −1: none was due."""
        due = -1
        for generation, (count, threshold) in enumerate(zip(gc.get_count(), self._thresholds, strict=True)):
            if count <= threshold:
                break
            due = generation
        if due >= 0:
            gc.collect(due)
        return due
