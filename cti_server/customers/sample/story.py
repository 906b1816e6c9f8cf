"""One customer told in full: a late delivery, a complaint, a return under way. Screenshots and tests rely on her."""

from datetime import date

from cti_server.customers.numbers import keypad, normalise
from cti_server.customers.sample.customers import STORY, Rows, write_consents
from cti_server.customers.sample.history import Calendar, Counters, write_bonus, write_contact, write_order

CARD = "신한 ****-1207"
CREAM, SERUM, CLEANSER, SUN = "P-101", "P-102", "P-103", "P-108"
_EARLIER: tuple[tuple[int, dict[str, int], str, str], ...] = (
    (512, {CREAM: 1}, CARD, "web"),
    (480, {CREAM: 1, CLEANSER: 1}, CARD, "web"),
    (446, {SERUM: 1}, "국민 ****-8840", "web"),
    (415, {CREAM: 1, SERUM: 1}, CARD, "seller"),
    (381, {CREAM: 2, SERUM: 1}, CARD, "web"),
    (350, {CREAM: 1, CLEANSER: 1}, CARD, "phone"),
    (322, {CREAM: 1, SERUM: 1}, CARD, "web"),
    (290, {CLEANSER: 1, SUN: 1}, "무통장 입금", "phone"),
    (255, {CREAM: 1}, CARD, "web"),
    (220, {CREAM: 1, SERUM: 1}, CARD, "web"),
    (190, {CREAM: 1, CLEANSER: 1}, CARD, "web"),
    (158, {SERUM: 1, SUN: 1}, "국민 ****-8840", "web"),
    (127, {CREAM: 2, SERUM: 1}, CARD, "web"),
    (94, {CREAM: 1, CLEANSER: 1}, CARD, "web"),
    (71, {CREAM: 1, SERUM: 1}, CARD, "seller"),
    (66, {CREAM: 1, CLEANSER: 1}, CARD, "web"),
)
"""Days ago, lines, payment, channel. With the last one: cream 14, serum 9, cleanser 6 times; her card 14 of 17."""


def write_story(rows: Rows, counters: Counters, today: date) -> None:
    """Fill everything about 김민지."""
    calendar = Calendar(today)
    _person(rows)
    number = 16000
    for days_ago, lines, payment, channel in _EARLIER:
        number += 211
        write_order(
            rows, calendar, customer=STORY, number=f"KR-{number}", days_ago=days_ago, lines=lines, payment=payment,
            channel=channel, done=5, hour=19, minute=30,
        )  # fmt: skip
    write_order(
        rows, calendar, customer=STORY, number="KR-20931", days_ago=6, lines={CREAM: 2, SERUM: 1}, payment=CARD,
        channel="web", done=4, hour=20, minute=11, arrival_days_ago=-1,
    )  # fmt: skip
    write_bonus(rows, STORY)
    _questions(rows, calendar)
    _contacts(rows, counters, calendar)


def _person(rows: Rows) -> None:
    rows["customers"].append(
        {
            "customer": STORY,
            "keypad": keypad(STORY),
            "name": "김민지",
            "language": "ko",
            "tier": "VIP",
            "number": "010-2345-6789",
            "address": "서울 마포구 월드컵로 ●●",
            "email": "c-004812@mail.example",
            "birthday": "1990-04-18",
            "skin_type": "dry",
            "seller": "D-100",
            "store": "S-01",
            "joined_on": "2019-03-02",
            "owner": "2003",
        }
    )
    rows["phones"].append({"customer": STORY, "number": normalise("010-2345-6789"), "kind": "mobile"})
    write_consents(rows, STORY, {"marketing_call": True, "marketing_sms": True, "newsletter": True, "recording": True})
    for brand, last in (("신한", "1207"), ("국민", "8840")):
        rows["cards"].append({"customer": STORY, "brand": brand, "last_digits": last})


def _questions(rows: Rows, calendar: Calendar) -> None:
    late = calendar.on(3)[5:].replace("-", "/").lstrip("0")
    rows["alerts"].append(
        {
            "customer": STORY,
            "at": calendar.at(3, 13, 33),
            "level": "warning",
            "text": f"지난 통화({late})에서 배송 지연으로 불만. 사과 후 진행 상황부터 안내.",
        }
    )
    rows["inquiries"].append(
        {
            "inquiry": "Q-1183",
            "customer": STORY,
            "asked_at": calendar.at(10, 21, 14),
            "channel": "web",
            "category": "usage",
            "question": "세럼 개봉 후 사용 기한?",
            "answer": "FAQ “개봉 후 12개월” 안내, 도움됨.",
            "answered_at": calendar.at(9, 9, 40),
            "agent_name": "이준호",
            "script_path": "제품 › 사용법 › 사용 기한",
            "state": "answered",
        }
    )
    rows["services"].append(
        {
            "service": "R-771",
            "customer": STORY,
            "kind": "return",
            "received_at": calendar.at(11, 15, 2),
            "product": CLEANSER,
            "order_number": "KR-19376",
            "text": "클렌저 펌프 불량. 회수 완료, 환불 대기.",
            "department": "A/S팀",
            "due_on": calendar.on(-3),
            "state": "in_progress",
            "done_at": None,
        }
    )


def _contacts(rows: Rows, counters: Counters, calendar: Calendar) -> None:
    ordered, promised = (calendar.on(days)[5:].replace("-", "/").lstrip("0") for days in (6, -1))
    write_contact(
        rows, counters, customer=STORY, at=calendar.at(3, 13, 28), kind="call_in", title="배송 지연 문의 · 재배송 요청",
        text=f"{ordered} 주문 미도착. 물류센터 확인 후 {promised} 재배송 안내. 다시 늦으면 환불 요청 의사.",
        tag="불만", tag_level="alarm", duration_s=252, reference="KR-20931", view="delivery",
    )  # fmt: skip
    write_contact(
        rows, counters, customer=STORY, at=calendar.at(25, 11, 5), kind="callback", title="콜백 · 신제품 안내 동의",
        text="세럼 리뉴얼 안내. 다음 방문 시 샘플 요청.", duration_s=167,
    )  # fmt: skip
    write_contact(
        rows, counters, customer=STORY, at=calendar.at(38, 14, 0), kind="visit", title="방문 구매 · 홍대점",
        text="박점장. 수분 크림 1, 세럼 1 · ₩53,000",
    )  # fmt: skip
    write_contact(
        rows, counters, customer=STORY, at=calendar.at(50, 8, 20), kind="mail", title="뉴스레터 열람",
        text="“가을 보습” 2회 클릭",
    )  # fmt: skip
    write_contact(
        rows, counters, customer=STORY, at=calendar.at(61, 10, 0), kind="note", title="메모 · 이준호",
        text="오전 통화 선호. 문자 먼저 보내 달라고 함.",
    )  # fmt: skip
