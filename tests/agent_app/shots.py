"""Pictures of the desktop with the sample data, drawn offscreen: `python -m tests.agent_app.shots FOLDER`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QLineEdit

from agent_app.i18n import set_language
from agent_app.views.kit.theme import install
from agent_app.views.kit.tokens import ThemeName
from agent_app.views.script_fields import FieldRow
from tests.agent_app import sample
from tests.agent_app.stage import Stage


def draw(app: QApplication, folder: Path, language: str, theme: ThemeName) -> None:
    """Each situation of a call, one after the other."""
    set_language(language)
    install(app, theme)
    name = f"{language}_{theme}"
    with tempfile.TemporaryDirectory() as drafts:
        stage = Stage(Path(drafts))
        stage.window.show()
        stage.picture(folder / f"sign_in_{name}.png")
        stage.sign_in()
        stage.picture(folder / f"idle_{name}.png")
        ring_callback(stage)
        stage.picture(folder / f"incoming_callback_{name}.png")
        stage.ring()
        stage.picture(folder / f"incoming_{name}.png")
        stage.phone.report("established")
        stage.call("connected", "connected", pending="break")
        stage.picture(folder / f"accepted_{name}.png")
        stage.desk.script.open("delivery.delay.redelivery")
        stage.desk.script.answer(1)
        stage.desk.script.answer(1)
        fill(stage)
        stage.picture(folder / f"delivery_{name}.png")
        stage.desk.records.show("timeline")
        stage.picture(folder / f"call_{name}.png")
        stage.call("after_call_work", "after_call_work", after_call_until=sample.NOW + 25_000_000)
        stage.desk.wrap_up.choose_sub("delay")
        stage.picture(folder / f"wrap_up_{name}.png")
        stage.view.show_page("callbacks")
        stage.picture(folder / f"callbacks_{name}.png")
        stage.view.show_page("fairness")
        stage.picture(folder / f"fairness_{name}.png")
        stage.desk.why.ask(sample.CALL)
        stage.settle()
        stage.view.why.grab().save(str(folder / f"why_{name}.png"))
        stage.view.why.close()
        stage.view.keys.bring()
        stage.settle()
        stage.view.keys.grab().save(str(folder / f"keys_{name}.png"))
        stage.view.keys.close()
        stage.close()


def ring_callback(stage: Stage) -> None:
    """The centre is about to dial a customer who asked for it."""
    stage.call("reserved", "reserved", **sample.PROMISE)
    stage.card()
    stage.call("alerting", "alerting", **sample.PROMISE)


def fill(stage: Stage) -> None:
    """Disposition, notes and a field, as an agent would have filled them by now."""
    stage.desk.wrap_up.choose("delivery")
    stage.view.agent.wrap_up.note.setPlainText("11/22 재배송 예정 안내. 경비실 보관 요청.")
    stage.desk.wrap_up._send_note()
    row = next(row for row in stage.view.agent.script.findChildren(FieldRow))
    row.findChild(QLineEdit).setText("경비실")


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    looks: tuple[tuple[str, ThemeName], ...] = (("ko", "light"), ("en", "dark"), ("ko", "dark"), ("en", "light"))
    for language, theme in looks[: int(os.environ.get("LOOKS", "2"))]:
        draw(app, folder, language, theme)


if __name__ == "__main__":
    main()
