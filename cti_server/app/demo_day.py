"""The timetable of the demo: who calls when, why, and what the robots say. Only data; a seed makes it."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent_app.robots.agent import AgentPlan
from agent_app.robots.caller import CallPlan, Keys
from agent_app.robots.crowd import Appointment, Day
from agent_app.softphone.account import Account
from cti_server.app.demo_centre import CARE_LINE, HARD_PHONE, MAIN_LINE, ORDERS_LINE, YOUR_LINE, DemoCentre
from cti_server.customers.sample import SampleCaller
from cti_server.speech.rendering import Utterance

CALLERS_SAY = (
    "여보세요, 지난주에 주문한 수분 크림이 아직 도착하지 않았어요. 배송이 언제 되는지 알고 싶습니다.",
    "안녕하세요, 세럼을 하나 더 주문하고 싶은데요. 지금 재고가 있나요?",
    "보너스 점수가 얼마나 남았는지 확인해 주세요.",
    "클렌저 펌프가 고장 나서 반품하고 싶습니다.",
)
AGENTS_SAY = (
    "안녕하세요, 이음 화장품입니다. 무엇을 도와드릴까요? 네, 고객님, 바로 확인해 드리겠습니다.",
    "기다려 주셔서 감사합니다. 주문 내역을 확인했습니다. 내일 도착할 예정입니다.",
    "네, 고객님. 말씀하신 내용은 접수해 드렸습니다. 더 필요하신 것은 없으신가요?",
)
VARIANTS = ("f2", "m3", "f4", "m1")
EVERY_S, MAIN_CALLS_MAX = 1.8, 150
"""A caller to the main number this often; on a long day less often, so that no customer calls twice."""
RUSH_S = (0.5, 0.95)
"""Between these shares of the time customer care is busier than it can be, so that callers wait."""
RUSH_EVERY_S, RUSH_CALLS_MAX = 1.3, 40
LAST_MAIN_S = 18.0
"""No caller begins with the menus so shortly before the end: they take half a minute."""
LISTENS_S = 3.0
"""How long a caller listens in the queue before asking to be called back, and again before confirming it."""
YOURS_FIRST_S, YOURS_EVERY_S = 6.0, 45.0


def utterances() -> dict[str, Utterance]:
    """What is spoken, by file name."""
    said = {f"caller{n}": text for n, text in enumerate(CALLERS_SAY)} | {
        f"agent{n}": t for n, t in enumerate(AGENTS_SAY)
    }
    return {
        key: Utterance(text=text, language="ko", variant=VARIANTS[number % len(VARIANTS)])
        for number, (key, text) in enumerate(said.items())
    }


def make_day(centre: DemoCentre, *, seconds: float, speech: Path, folder: Path, is_attended: bool) -> Day:
    """The robots' day. The agents are all robots but the one whose desktop is seen."""
    where = centre.configuration.server.sip
    agents = tuple(
        AgentPlan(user=person.user, password=person.password, driver="pyvoip" if number == 1 else "native")
        for number, person in enumerate(centre.robots)
    )
    return Day(
        url=centre.url,
        sip=Account(host=where.host, port=where.port),
        folder=str(folder),
        agents=agents,
        agent_speech=tuple(str(speech / f"agent{n}.wav") for n in range(len(AGENTS_SAY))),
        calls=tuple(sorted(_calls(centre, seconds, speech, is_attended), key=lambda call: call.at_s)),
        drain_s=45.0,
    )


def _calls(centre: DemoCentre, seconds: float, speech: Path, is_attended: bool) -> Iterator[Appointment]:
    chance = random.Random(centre.configuration.version)
    callers = iter(centre.callers)
    said = [str(speech / f"caller{n}.wav") for n in range(len(CALLERS_SAY))]
    main = [*_main_calls(callers, seconds)]
    for at_s, plan in main:
        yield Appointment(at_s=at_s, plan=plan, speech=chance.choice(said))
    for at_s, plan, is_pyvoip in _direct_calls(callers, seconds):
        account = _pyvoip_account(centre) if is_pyvoip else None
        yield Appointment(at_s=at_s, plan=plan, speech=chance.choice(said), account=account)
    at_s = YOURS_FIRST_S
    while is_attended and at_s < seconds:
        caller = next(callers, None)
        if caller is None:
            return
        plan = CallPlan(
            name=caller.name, number=caller.number, line=YOUR_LINE, kind="for_you", give_up_s=40.0, patience_s=120.0
        )
        yield Appointment(at_s=at_s, plan=plan, speech=chance.choice(said))
        at_s += YOURS_EVERY_S


def _main_calls(callers: Iterator[SampleCaller], seconds: float) -> Iterator[tuple[float, CallPlan]]:
    """To the main number: most are recognised by number and PIN; some mistype it; some ask to be called back."""
    number, at_s = 0, 0.0
    while at_s <= max(1.0, seconds - LAST_MAIN_S):
        caller = next(callers, None)
        if caller is None:
            return
        kind = {3: "wrong_pin", 6: "callback", 9: "callback", 11: "callback"}.get(number % 14, "authenticated")
        yield (
            at_s,
            CallPlan(
                name=caller.name, number=caller.number, line=MAIN_LINE, kind=kind, keys=_keys(caller, kind, number)
            ),
        )
        number, at_s = number + 1, at_s + max(EVERY_S, seconds / MAIN_CALLS_MAX)


def _keys(caller: SampleCaller, kind: str, number: int) -> tuple[Keys, ...]:
    language, pin = Keys(digits="1"), Keys(digits=f"{caller.pin}#")
    if kind == "wrong_pin":
        wrong = Keys(digits=f"{_other_pin(caller.pin)}#")
        return language, wrong, pin, Keys(digits="1")
    if kind == "callback":
        return language, pin, Keys(digits="2"), Keys(digits="2", after_s=LISTENS_S), Keys(digits="1", after_s=LISTENS_S)
    return language, pin, Keys(digits="1" if number % 3 else "2")


def _other_pin(pin: str) -> str:
    return "".join(str((int(digit) + 1) % 10) for digit in pin)


def _direct_calls(callers: Iterator[SampleCaller], seconds: float) -> Iterator[tuple[float, CallPlan, bool]]:
    """Straight into a queue: some by pyVoIP, some who hang up at once, and a rush on customer care."""
    for at_s in (3.0, 9.0, 15.0):
        yield at_s, CallPlan(name="pyVoIP", number=HARD_PHONE, line=ORDERS_LINE, kind="pyvoip"), True
    plans: Sequence[tuple[float, str, str]] = [
        *((at_s, ORDERS_LINE, "abandoned") for at_s in (12.0, 31.0, 47.0)),
        *((at_s, CARE_LINE, "plain") for at_s in _rush(seconds)),
    ]
    for at_s, line, kind in plans:
        caller = next(callers, None)
        if caller is not None and at_s < seconds:
            give_up_s = 0.3 if kind == "abandoned" else 120.0
            yield (
                at_s,
                CallPlan(name=caller.name, number=caller.number, line=line, kind=kind, give_up_s=give_up_s),
                False,
            )


def _rush(seconds: float) -> Iterator[float]:
    at_s = RUSH_S[0] * seconds
    while at_s < RUSH_S[1] * seconds:
        yield at_s
        at_s += max(RUSH_EVERY_S, (RUSH_S[1] - RUSH_S[0]) * seconds / RUSH_CALLS_MAX)


def _pyvoip_account(centre: DemoCentre) -> Account:
    where = centre.configuration.server.sip
    return Account(
        host=where.host,
        port=where.port,
        extension=HARD_PHONE,
        user=HARD_PHONE,
        password=centre.hard_phone_password,
    )
