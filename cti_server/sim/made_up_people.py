"""The people of a made-up day: what a caller presses when something is asked, and how agents spend their shift.

Only data and draws from a seed: who calls, whether they know their PIN, what they want, how long they are patient and
talk. What happens with it is in `made_up_day.py`; who gets which call is the Centre's business.
"""

from dataclasses import dataclass, field
from random import Random

import msgspec

from cti_server.core.settings import AgentProfile, CentreSettings
from ivr.model import FlowSet

TALK_S, AFTER_CALL_S, PATIENCE_S = 170.0, 25.0, 150.0
UNKNOWN_SHARE, WITHHELD_SHARE = 0.4, 0.03
GIVES_UP_SHARE, LISTENS_MAX = 0.04, 4
"""Some hang up in the menus, after so many questions at most."""
KNOWS_PIN, MISTYPES_PIN, GUESSES_PIN = 0.68, 0.10, 0.03
"""Right at once; right the second time; wrong every time. The others press "#"."""
WANTS_ORDERS, WRONG_KEY = 0.55, 0.03
CALLED_BACK_SHARE, LATER_SHARE = 0.18, 0.5
"""Ask to be called back: of those who wait, when it is offered; of those who hear that nobody is there."""
HOLD_SHARE, MISSED_SHARE, REACHED_SHARE, AGENT_ENDS_SHARE = 0.15, 0.02, 0.75, 0.2
NOTES = {
    "delivery": ("배송일 안내함.", "경비실에 맡겨 달라고 하심. 택배사 전달.", "Parcel found; comes tomorrow."),
    "order": ("재고 확인 후 주문 접수.", "수량 2개로 변경.", "Wants to think about it until Friday."),
    "return": ("교환 접수. 회수 예정.", "개봉 제품이라 반품 불가 안내.", "Refund within three days, told so."),
    "payment": ("카드 변경 후 결제 완료.", "현금영수증 문자 발송."),
    "product": ("민감성 피부용으로 추천.", "샘플 두 개 발송 예정."),
    "bonus": ("포인트 잔액 안내.", "Asked about points; told the balance."),
    "member": ("주소 변경 완료. 확인 문자 발송.", "비밀번호 재발급 안내."),
}
"""What agents write, by what was talked about."""


class MadeUpCaller(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as a caller: the number that the network shows, and what can be pressed."""

    customer: str
    number: str
    tier: str
    language: str
    keypad: str = ""
    pin: str = ""

    def __repr__(self) -> str:
        return f"MadeUpCaller(customer={self.customer!r})"


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """Something to talk about: an item of the script library, with its first node and the reason that it sets."""

    library_version: str
    item: str
    node: str
    reason: tuple[str, ...]


class MadeUpCentre(msgspec.Struct, frozen=True, kw_only=True):
    settings: CentreSettings
    agents: tuple[AgentProfile, ...]
    callers: tuple[MadeUpCaller, ...]
    flows: FlowSet = FlowSet(flows=())
    topics: tuple[Topic, ...] = ()


@dataclass(slots=True, kw_only=True)
class Caller:
    """One who calls. ``questions``: so many are answered before giving up; None: all."""

    line: str
    number: str
    who: MadeUpCaller | None
    language_key: str
    pins: list[str]
    menu: list[str]
    patience_s: float
    wants_callback: bool
    wants_callback_later: bool
    questions: int | None
    has_waited: bool = field(default=False)

    def keys_for(self, prompt: str) -> str | None:
        """What is pressed after this prompt; None: it asks nothing, or the caller is silent. "hang up": that."""
        keys = self._answer(prompt)
        if keys is not None and prompt != "offer_callback" and self.questions is not None:
            self.questions -= 1
            return "hang up" if self.questions < 0 else keys
        return keys

    def _answer(self, prompt: str) -> str | None:
        match prompt:
            case "language_menu":
                return self.language_key
            case "ask_customer_number":
                return "#" if self.who is None else f"{self.who.keypad}#"
            case "ask_pin":
                return f"{self.pins.pop(0)}#" if self.pins else "#"
            case "main_menu":
                return self.menu.pop(0) if self.menu else None
            case "offer_callback":
                return "2" if self.wants_callback else None
            case "confirm_callback":
                return "1"
            case "leave_or_callback":
                return "2" if self.wants_callback_later else "0"  # a made-up day has no sound, so no messages either
            case "confirm_later_callback":
                return "1"
            case "ask_callback_number":
                return f"{self.number or '01087650000'}#"
        return None


def draw_caller(chance: Random, centre: MadeUpCentre) -> Caller:
    """Somebody calls: mostly the first line (the main number), now and then another."""
    lines = [line.line for line in centre.settings.lines]
    line = lines[0] if len(lines) == 1 or chance.random() < 0.9 else chance.choice(lines[1:])
    is_unknown = chance.random() < UNKNOWN_SHARE or not centre.callers
    who = None if is_unknown else chance.choice(centre.callers)
    number = f"010{chance.randrange(10**8):08d}" if who is None else who.number
    if chance.random() < WITHHELD_SHARE:
        number = ""
    menu = ["1" if chance.random() < WANTS_ORDERS else "2"]
    if chance.random() < WRONG_KEY:
        menu.insert(0, "7")
    return Caller(
        line=line,
        number=number,
        who=who,
        language_key="2" if who is not None and who.language == "en" else "1",
        pins=_pins(chance, who),
        menu=menu,
        patience_s=chance.expovariate(1 / PATIENCE_S),
        wants_callback=chance.random() < CALLED_BACK_SHARE,
        wants_callback_later=chance.random() < LATER_SHARE,
        questions=chance.randrange(LISTENS_MAX) if chance.random() < GIVES_UP_SHARE else None,
    )


def _pins(chance: Random, who: MadeUpCaller | None) -> list[str]:
    if who is None or not who.pin:
        return []
    wrong = "".join(str((int(digit) + 1) % 10) for digit in who.pin)
    drawn = chance.random()
    if drawn < KNOWS_PIN:
        return [who.pin]
    if drawn < KNOWS_PIN + MISTYPES_PIN:
        return [wrong, who.pin]
    return [wrong] * 3 if drawn < KNOWS_PIN + MISTYPES_PIN + GUESSES_PIN else []


def note(chance: Random, topic: str) -> str | None:
    """What is written down, if anything is."""
    return chance.choice(NOTES[topic]) if topic in NOTES and chance.random() < 0.6 else None


def talk_s(chance: Random) -> float:
    """Lognormal, of mean ``TALK_S``."""
    return max(15.0, chance.lognormvariate(4.94, 0.6))


def pauses(place: int) -> tuple[tuple[float, float], ...]:
    """(hours after the opening, seconds): a lunch hour by turns, and two short breaks."""
    return ((2.5 + place % 4, 3600.0), (1.5 + place % 3 * 0.3, 600.0), (7 + place % 3 * 0.3, 600.0))
