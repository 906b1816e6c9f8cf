"""What the sample customers did in the last year and a half, from orders to complaints.

Everything counts back from ``today``, so that a fresh sample always looks lived in.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from random import Random

from cti_server.customers.sample.customers import STORY, Rows
from cti_server.customers.sample.products import PRODUCTS

SEOUL = timezone(timedelta(hours=9))
STEPS = ("ordered", "paid", "shipped", "delivering", "completed")
PRICES = {product.product: product.price for product in PRODUCTS}
NAMES = {product.product: product.name for product in PRODUCTS}
BONUS_SHARE = 0.03

_QUESTIONS = (
    ("usage", "세럼 개봉 후 사용 기한이 어떻게 되나요?", "개봉 후 12개월 안에 사용하시도록 안내했습니다."),
    (
        "delivery",
        "주문한 상품이 언제 도착하나요?",
        "출고 다음 날 도착 예정임을 안내하고 운송장 번호를 보내 드렸습니다.",
    ),
    ("bonus", "보너스 포인트가 언제 소멸되나요?", "적립일부터 24개월 뒤 말일에 소멸됨을 안내했습니다."),
    (
        "product",
        "민감성 피부에도 수분 크림을 쓸 수 있나요?",
        "무향 제품이며 팔 안쪽에 먼저 시험해 보시도록 안내했습니다.",
    ),
    ("payment", "카드 결제를 무통장 입금으로 바꿀 수 있나요?", "출고 전이면 변경할 수 있음을 안내하고 변경했습니다."),
    ("return", "색상이 달라 교환하고 싶어요.", "7일 이내 미개봉이면 교환할 수 있음을 안내하고 회수를 접수했습니다."),
)
_FAULTS = ("펌프가 눌리지 않음", "용기 파손", "색상이 다름", "피부에 맞지 않음", "구성품 누락")
_NOTES = ("오전 통화 선호.", "문자 먼저 보내 달라고 함.", "선물 포장 자주 요청.", "배송은 경비실에 맡겨 달라고 함.")
_MAILS = ("가을 보습", "겨울 준비 세트", "회원 등급 안내", "신제품 세럼")


@dataclass(slots=True)
class Calendar:
    """Turns "so many days ago, at that hour" into UTC microseconds."""

    today: date

    def at(self, days_ago: int, hour: int = 12, minute: int = 0) -> int:
        moment = datetime.combine(self.today - timedelta(days=days_ago), time(hour, minute), SEOUL)
        return int(moment.timestamp()) * 1_000_000

    def on(self, days_ago: int) -> str:
        return (self.today - timedelta(days=days_ago)).isoformat()


@dataclass(slots=True)
class Counters:
    """Numbers given out so far."""

    order: int = 12000
    payment: int = 50000
    inquiry: int = 700
    service: int = 400
    case: int = 300
    contact: int = 0


def write_history(rows: Rows, chance: Random, calendar: Calendar) -> Counters:
    """Fill everything that customers did. The customer of the story is left out."""
    counters = Counters()
    for row in rows["customers"]:
        if row["customer"] != STORY:
            _one_life(rows, chance, calendar, counters, row)
    return counters


def _one_life(rows: Rows, chance: Random, calendar: Calendar, counters: Counters, row: dict[str, str]) -> None:
    customer = row["customer"]
    favourites = chance.sample(PRODUCTS, 4)
    days = sorted((chance.randint(0, 540) for _ in range(chance.choice((0, 1, 2, 3, 4, 6, 8, 12)))), reverse=True)
    for days_ago in days:
        chosen = {
            chance.choice(favourites).product: chance.choice((1, 1, 2)) for _ in range(chance.choice((1, 2, 2, 3)))
        }
        counters.order += 1
        write_order(
            rows, calendar, customer=customer, number=f"KR-{counters.order}", days_ago=days_ago, lines=chosen,
            payment=_payment(rows, chance, customer), channel=chance.choice(("web", "phone", "seller", "store")),
            done=5 if days_ago > 5 else max(2, 5 - days_ago // 2 - chance.randint(0, 1)), hour=chance.randint(8, 21),
        )  # fmt: skip
    write_bonus(rows, customer)
    for _ in range(chance.choice((0, 0, 1, 2, 3))):
        _inquiry(rows, chance, calendar, counters, customer)
    if days and chance.random() < 0.25:
        _service(rows, chance, calendar, counters, customer)
    if chance.random() < 0.12:
        _case(rows, chance, calendar, counters, customer)
    for _ in range(chance.randint(1, 7)):
        _contact(rows, chance, calendar, counters, customer)


def _payment(rows: Rows, chance: Random, customer: str) -> str:
    cards = [c for c in rows["cards"][-4:] if c["customer"] == customer]
    cards = cards or [c for c in rows["cards"] if c["customer"] == customer]
    if not cards or chance.random() < 0.12:
        return chance.choice(("무통장 입금", "방문 현금"))
    card = cards[0] if chance.random() < 0.75 else chance.choice(cards)
    return f"{card['brand']} ****-{card['last_digits']}"


def write_order(
    rows: Rows, calendar: Calendar, *, customer: str, number: str, days_ago: int, lines: dict[str, int], payment: str,
    channel: str, done: int, hour: int, minute: int = 0, arrival_days_ago: int | None = None,
) -> int:  # fmt: skip
    """One order with lines, delivery steps and payment; ``done`` of the five steps are reached. The amount in won."""
    amount = sum(PRICES[product] * quantity for product, quantity in lines.items())
    owner = next(row for row in rows["customers"] if row["customer"] == customer)
    ordered_at = calendar.at(days_ago, hour, minute)
    arrival = calendar.on(days_ago - 3 if arrival_days_ago is None else arrival_days_ago)
    rows["orders"].append(
        {
            "order_number": number,
            "customer": customer,
            "ordered_at": ordered_at,
            "amount": amount,
            "status": STEPS[done - 1],
            "channel": channel,
            "payment": payment,
            "arrival_on": arrival,
            "address": owner["address"],
            "seller": owner["seller"],
            "carrier": "한빛택배",
            "tracking": f"{int(number.removeprefix('KR-')) * 7919 + 600_000_000_000}",
        }
    )
    rows["order_lines"] += [
        {"order_number": number, "line": n, "product": product, "quantity": quantity, "price": PRICES[product]}
        for n, (product, quantity) in enumerate(lines.items(), 1)
    ]
    _steps(rows, calendar, number=number, days_ago=days_ago, done=done, hour=hour, minute=minute)
    rows["payments"].append(
        {
            "payment": "PM-" + number.removeprefix("KR-"),
            "customer": customer,
            "order_number": number,
            "paid_at": ordered_at,
            "method": payment,
            "amount": amount,
            "state": "paid",
        }
    )
    return amount


def _steps(rows: Rows, calendar: Calendar, *, number: str, days_ago: int, done: int, hour: int, minute: int) -> None:
    places = ("주문 접수", "결제 확인", "용인 물류센터 출고", "지역 대리점", "배송 완료")
    for step, code in enumerate(STEPS, 1):
        state = "done" if step < done or done == len(STEPS) else "current" if step == done else "ahead"
        moment = calendar.at(days_ago, hour, minute) + min(step - 1, 1) * 60_000_000 + max(step - 2, 0) * 43_200_000_000
        rows["order_steps"].append(
            {
                "order_number": number,
                "step": step,
                "code": code,
                "state": state,
                "at": None if state == "ahead" else moment,
                "place": "" if state == "ahead" else places[step - 1],
            }
        )


def write_bonus(rows: Rows, customer: str) -> None:
    """The points' ledger that follows from the customer's orders; every fourth order spends 2,000 of them."""
    own = sorted((o for o in rows["orders"][-30:] if o["customer"] == customer), key=lambda o: o["ordered_at"])
    balance, entry = 0, 0
    for n, order in enumerate(own, 1):
        moves = [("earned", int(order["amount"] * BONUS_SHARE))]
        if n % 4 == 0 and balance >= 2000:
            moves.insert(0, ("used", -2000))
        for kind, points in moves:
            balance, entry = balance + points, entry + 1
            year = datetime.fromtimestamp(order["ordered_at"] / 1_000_000, SEOUL).year + 1
            rows["bonus"].append(
                {
                    "customer": customer,
                    "entry": entry,
                    "at": order["ordered_at"],
                    "kind": kind,
                    "points": points,
                    "balance": balance,
                    "order_number": order["order_number"],
                    "expires_on": f"{year}-12-31",
                }
            )


def _inquiry(rows: Rows, chance: Random, calendar: Calendar, counters: Counters, customer: str) -> None:
    counters.inquiry += 1
    category, question, answer = chance.choice(_QUESTIONS)
    days_ago, hour = chance.randint(1, 400), chance.randint(9, 17)
    is_open = days_ago < 3
    rows["inquiries"].append(
        {
            "inquiry": f"Q-{counters.inquiry}",
            "customer": customer,
            "asked_at": calendar.at(days_ago, hour, 10),
            "channel": chance.choice(("web", "phone", "mail")),
            "category": category,
            "question": question,
            "answer": "" if is_open else answer,
            "answered_at": None if is_open else calendar.at(days_ago, hour, 45),
            "agent_name": "" if is_open else chance.choice(("이준호", "박하은", "윤현우")),
            "script_path": "",
            "state": "open" if is_open else "answered",
        }
    )


def _service(rows: Rows, chance: Random, calendar: Calendar, counters: Counters, customer: str) -> None:
    counters.service += 1
    order = next(o for o in reversed(rows["orders"]) if o["customer"] == customer)
    line = next(row for row in rows["order_lines"] if row["order_number"] == order["order_number"])
    days_ago = chance.randint(2, 60)
    is_done = days_ago > 12
    rows["services"].append(
        {
            "service": f"R-{counters.service}",
            "customer": customer,
            "kind": chance.choice(("return", "exchange")),
            "received_at": calendar.at(days_ago, 14),
            "product": line["product"],
            "order_number": order["order_number"],
            "text": chance.choice(_FAULTS),
            "department": "A/S팀",
            "due_on": calendar.on(days_ago - 14),
            "state": "completed" if is_done else "in_progress",
            "done_at": calendar.at(days_ago - 6, 16) if is_done else None,
        }
    )


def _case(rows: Rows, chance: Random, calendar: Calendar, counters: Counters, customer: str) -> None:
    counters.case += 1
    days_ago = chance.randint(1, 40)
    is_done = days_ago > 10
    rows["cases"].append(
        {
            "case_number": f"CS-{counters.case}",
            "customer": customer,
            "opened_at": calendar.at(days_ago, 11),
            "title": chance.choice(("배송 지연 민원", "환불 지연", "방문 판매원 변경 요청")),
            "text": "고객 요청을 담당 부서에 전달했습니다.",
            "owner": "한선미",
            "due_on": calendar.on(days_ago - 7),
            "state": "completed" if is_done else "in_progress",
            "closed_at": calendar.at(days_ago - 5, 15) if is_done else None,
        }
    )


def _contact(rows: Rows, chance: Random, calendar: Calendar, counters: Counters, customer: str) -> None:
    days_ago, hour, minute = chance.randint(1, 500), chance.randint(9, 18), chance.randint(0, 59)
    kind = chance.choice(("call_in", "call_in", "call_out", "visit", "mail", "note"))
    _category, question, answer = chance.choice(_QUESTIONS)
    mail = chance.choice(_MAILS)
    title, text = {
        "call_in": (question.rstrip("?"), answer),
        "call_out": ("신제품 안내", "세럼 리뉴얼을 안내했습니다."),
        "visit": ("방문 구매", f"{NAMES['P-101']} 1, {NAMES['P-102']} 1"),
        "mail": ("뉴스레터 열람", f"“{mail}” {chance.randint(1, 3)}회 클릭"),
        "note": ("메모 · 이준호", chance.choice(_NOTES)),
    }[kind]
    write_contact(
        rows, counters, customer=customer, at=calendar.at(days_ago, hour, minute), kind=kind, title=title, text=text,
        duration_s=chance.randint(40, 420) if kind.startswith("call") else None,
        view="inquiries" if kind == "call_in" else "",
    )  # fmt: skip


def write_contact(
    rows: Rows, counters: Counters, *, customer: str, at: int, kind: str, title: str, text: str, tag: str = "",
    tag_level: str = "", duration_s: int | None = None, reference: str = "", view: str = "",
) -> None:  # fmt: skip
    counters.contact += 1
    rows["contacts"].append(
        {
            "contact": counters.contact,
            "customer": customer,
            "at": at,
            "kind": kind,
            "title": title,
            "text": text,
            "tag": tag,
            "tag_level": tag_level,
            "duration_s": duration_s,
            "reference": reference,
            "view": view,
        }
    )
