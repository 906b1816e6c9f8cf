"""Text that leaves the screen: to the clipboard, and to a printer or a PDF by the dialog of the system; never waits."""

from __future__ import annotations

from PySide6.QtGui import QFont, QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from agent_app.views.kit.theme import font
from agent_app.views.kit.tokens import BASE_PX

PRINTED_POINTS = 10


def copy(text: str) -> None:
    QApplication.clipboard().setText(text)


def document(text: str) -> QTextDocument:
    """Plain text, in the desktop's font at a size for paper."""
    made = QTextDocument()
    chosen = QFont(font(BASE_PX))
    chosen.setPointSize(PRINTED_POINTS)
    made.setDefaultFont(chosen)
    made.setPlainText(text)
    return made


def ask_printer(text: str, parent: QWidget) -> QPrintDialog:
    """Opens the system's dialog; what it accepts is printed."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    dialog = QPrintDialog(printer, parent)
    dialog.accepted.connect(lambda: document(text).print_(printer))
    dialog.finished.connect(dialog.deleteLater)
    QDialog.open(dialog)  # that of the print dialog itself wants a slot by name
    return dialog
