"""The customer card: profile, alerts, and what the agent is about to need. Each section comes on its own.

Tells the server that the name is on the screen, once per call, and only after a view really painted it.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal

from agent_app.i18n import formats, tr
from agent_app.store import Topic
from agent_app.viewmodels.caller import language_word
from agent_app.viewmodels.session import ViewModel
from agent_app.viewmodels.subject import Subject
from cti_server.wire.client import ConfirmCardShown, LoadPicture
from cti_server.wire.server import Alerts, CustomerRow, Needs, OrderStep, ProductLine, Profile

CANDIDATES_MAX = 5


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the card. ``role`` as in the style sheet; ``number``: one click dials it."""

    label: str
    value: str
    role: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    word: str
    state: str


class CardModel(ViewModel):
    pictures_changed = Signal()
    topics = frozenset({Topic.PICTURE})

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject.session)
        self.subject = subject
        self._confirmed: int | None = None
        self._asked_pictures: set[str] = set()
        subject.changed.connect(self.changed)

    # --- header ----------------------------------------------------------------------------------------------------

    def key_to_confirm(self) -> int | None:
        """The call whose header stands on the screen now and is not confirmed yet."""
        call = self.store.call
        card = self.subject.card
        if call is None or card is None or card.header is None or card.call != call.call:
            return None
        return call.call if call.call != self._confirmed else None

    def painted(self, call: int) -> None:
        """A view's paintEvent drew name, tier and verification of this call."""
        if self._confirmed != call and self.store.call is not None and self.store.call.call == call:
            self._confirmed = call
            self.session.do(ConfirmCardShown(call=call))

    # --- sections --------------------------------------------------------------------------------------------------

    @property
    def profile(self) -> Profile | None:
        found = self.subject.section("profile")
        return found if isinstance(found, Profile) else None

    @property
    def needs(self) -> Needs | None:
        found = self.subject.section("needs")
        return found if isinstance(found, Needs) else None

    def condition(self, section: str) -> str:
        """empty: nobody there; unknown: no such customer; waiting; failed: the customer system did not answer; here."""
        if self.subject.is_empty:
            return "empty"
        card = self.subject.card
        if card is not None and section in card.sections:
            return "failed" if card.sections[section] is None else "here"
        if card is not None and card.header is not None and not card.header.customer:
            return "unknown"
        return "waiting"

    def rows(self) -> list[Row]:
        profile = self.profile
        if profile is None:
            return []
        rows = [
            Row(tr("card.customer"), profile.customer),
            Row(tr("card.number"), formats.telephone(profile.number), number=profile.number),
            Row(tr("card.address"), profile.address or formats.UNKNOWN),
        ]
        seller = f"{profile.seller} ({profile.store})" if profile.seller and profile.store else profile.seller
        rows.append(Row(tr("card.seller"), seller or profile.store or formats.UNKNOWN))
        rows.append(Row(tr("card.language"), language_word(profile.language) or formats.UNKNOWN))
        if profile.open_cases:
            text = profile.open_case_text or tr("card.open_count", n=profile.open_cases)
            rows.append(Row(tr("card.open_cases"), text, role="alarm"))
        return rows

    def candidates(self) -> tuple[CustomerRow, ...]:
        """Who it may be, when several customers share the number: all are shown, nobody is guessed."""
        card = self.subject.card
        header = card.header if card else None
        return header.candidates[:CANDIDATES_MAX] if header is not None and not header.customer else ()

    def choose(self, customer: str) -> None:
        self.subject.open(customer)

    def alerts(self) -> list[tuple[str, str]]:
        """(level, text)."""
        found = self.subject.section("alerts")
        return [(alert.level, alert.text) for alert in found.alerts] if isinstance(found, Alerts) else []

    def payment(self) -> tuple[str, str]:
        """The usual payment method, masked, and its share; both empty if unknown."""
        needs = self.needs
        if needs is None or not needs.payment:
            return "", ""
        return needs.payment, formats.percent(needs.payment_share) if needs.payment_share is not None else ""

    def products(self) -> tuple[ProductLine, ...]:
        return self.needs.products[:3] if self.needs else ()

    def order(self) -> tuple[str, str]:
        needs = self.needs
        if needs is None or not needs.order:
            return "", ""
        return needs.order, formats.money(needs.order_amount) if needs.order_amount is not None else ""

    def steps(self) -> list[Step]:
        return [Step(_step_word(step), step.state) for step in self.needs.order_steps] if self.needs else []

    def picture(self, name: str) -> bytes | None:
        """The bytes, or None; then they are asked for once and `changed` follows."""
        if not name:
            return None
        found = self.store.pictures.get(name)
        if found is None and name not in self._asked_pictures:
            self._asked_pictures.add(name)
            self.session.ask(LoadPicture(picture=name))
            found = self.store.pictures.get(name)
        return found

    def refresh(self, topics: set[Topic]) -> None:
        self.pictures_changed.emit()


def _step_word(step: OrderStep) -> str:
    match step.code:
        case "ordered":
            return tr("step.ordered")
        case "paid":
            return tr("step.paid")
        case "shipped":
            return tr("step.shipped")
        case "delivering":
            return tr("step.delivering")
        case "completed":
            return tr("step.completed")
        case _:
            return step.code
