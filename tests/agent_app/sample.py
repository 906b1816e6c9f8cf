"""A made-up agent, customer and call, as wire messages: what the desktop's tests and pictures are fed with."""

from __future__ import annotations

from datetime import datetime

import msgspec
from PySide6.QtCore import QBuffer, QIODevice, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

from cti_server.wire.server import (
    AgentView,
    Alert,
    Alerts,
    CallbackView,
    CallView,
    CardHeader,
    CardSection,
    Catalogue,
    Code,
    Column,
    Me,
    MyDay,
    Needs,
    OrderStep,
    ProductLine,
    Profile,
    QueueGauge,
    QueueTitle,
    ScriptData,
    Snapshot,
    Timeline,
    TimelineRow,
    ViewLoaded,
    ViewTitle,
    Welcome,
)
from scripts.model import Answer, Choice, Field, Item, Library, Major, Middle, Node, Text, View

S = 1_000_000
AGENT, CALL = 7, 4711
CUSTOMER = "C-004812"


def at(text: str) -> int:
    """`2026-11-18 13:28` of the workplace's zone, as UTC microseconds."""
    return int(datetime.fromisoformat(text).timestamp() * S)


NOW = at("2026-11-21 14:32:00")


def code(name: str, ko: str, en: str, *subcodes: Code) -> Code:
    return Code(code=name, title={"ko": ko, "en": en}, subcodes=subcodes)


def text(ko: str, en: str) -> Text:
    return Text(ko=ko, en=en)


def library() -> Library:
    """Greeting; delivery › delay › redelivery in five steps; bonus › balance › points."""
    greeting = Item(
        code="opening",
        title=text("인사", "Opening"),
        start="hello",
        sets_reason=False,
        nodes={
            "hello": Node(
                say=text(
                    "안녕하세요, 이음화장품 {agent.name}입니다. {customer.name} 고객님, 어떤 문의이십니까?",
                    "Hello, this is {agent.name} of Ieum Cosmetics. How may I help you, {customer.name}?",
                ),
                answers=(
                    Answer(
                        id="delivery",
                        says=text("배송이 안 와요", "My delivery is late"),
                        to="delivery.delay.redelivery",
                    ),
                    Answer(id="bonus", says=text("보너스", "Bonus"), to="bonus.balance.points"),
                ),
            )
        },
    )
    redelivery = Item(
        code="redelivery",
        title=text("재배송 확인", "Redelivery"),
        start="order",
        nodes={
            "order": Node(
                say=text("주문번호 {order.number:이/가} 맞으십니까?", "Is it order {order.number}?"),
                answers=(Answer(id="yes", says=text("네", "Yes"), to="sorry"),),
                view=View(name="orders", arguments={"number": "{order.number}"}),
            ),
            "sorry": Node(
                say=text("불편을 드려 죄송합니다.", "I am sorry for the trouble."),
                answers=(Answer(id="go_on", says=text("언제 오나요?", "When will it come?"), to="due"),),
            ),
            "due": Node(
                say=text(
                    "기다리시게 해서 죄송합니다, {customer.name} 고객님. 주문하신 {order.number:은/는} 현재 "
                    "{delivery.status}이며 {delivery.due_date} 도착 예정입니다. 그날 댁에서 받으실 수 있을까요?",
                    "I am sorry for the wait, {customer.name}. Your order {order.number} is {delivery.status} and "
                    "should arrive on {delivery.due_date}. Will you be at home that day?",
                ),
                answers=(
                    Answer(
                        id="yes",
                        says=text("네, 받을 수 있어요", "Yes, I will"),
                        to="bye",
                        hint=text("마무리로", "closing"),
                    ),
                    Answer(
                        id="away",
                        says=text("부재중이에요", "I will be away"),
                        to="place",
                        hint=text("보관 장소 묻기", "ask where to leave it"),
                    ),
                    Answer(
                        id="other_day",
                        says=text("다른 날로 바꿔 주세요", "Another day, please"),
                        to="place",
                        hint=text("날짜 변경", "change the date"),
                    ),
                    Answer(
                        id="refund",
                        says=text("그냥 환불해 주세요", "I want my money back"),
                        to="place",
                        hint=text("환불 규정", "refund rules"),
                    ),
                ),
                fields=(
                    Field(id="place", title=text("보관 장소", "Leave it at")),
                    Field(id="date", title=text("희망 날짜", "Wished date"), type="date"),
                ),
                view=View(
                    name="delivery",
                    label=text("주문 {order.number} 배송 상세", "order {order.number}, delivery"),
                    arguments={"number": "{order.number}"},
                ),
            ),
            "place": Node(
                say=text("어디에 보관해 드릴까요?", "Where shall we leave it?"),
                answers=(Answer(id="ok", says=text("경비실이요", "With the porter"), to="bye"),),
            ),
            "bye": Node(say=text("감사합니다.", "Thank you."), ends=True),
        },
    )
    points = Item(
        code="points",
        title=text("보너스 조회", "Points"),
        start="tell",
        nodes={
            "tell": Node(
                say=text("고객님의 보너스는 {bonus.points}점입니다.", "You have {bonus.points} points."),
                information=(text("보너스는 적립 후 2년 동안 쓸 수 있습니다.", "Points stay valid for two years."),),
                answers=(
                    Answer(id="use", says=text("지금 쓸 수 있나요?", "Can I use them now?"), to="use"),
                    Answer(id="bye", says=text("알겠습니다", "Thank you"), to="bye"),
                ),
                view=View(name="bonus", label=text("보너스 적립·사용 내역", "Bonus points")),
            ),
            "use": Node(
                say=text("다음 주문에서 바로 쓰실 수 있습니다.", "You can use them with your next order."),
                answers=(Answer(id="bye", says=text("네", "Yes"), to="bye"),),
                fields=(
                    Field(
                        id="when",
                        title=text("사용 시점", "When"),
                        type="choice",
                        choices=(Choice(code="now", title=text("지금", "Now")),),
                    ),
                ),
            ),
            "pay": Node(say=text("카드 번호를 말씀해 주세요.", "Your card number, please."), pause_recording=True),
            "bye": Node(say=text("감사합니다.", "Thank you."), ends=True),
        },
    )
    return Library(
        version="sample",
        opening="common.talk.opening",
        majors=(
            Major(
                code="delivery",
                title=text("배송", "Delivery"),
                order=1,
                middles=(Middle(code="delay", title=text("지연", "Delay"), items=(redelivery,)),),
            ),
            Major(
                code="bonus",
                title=text("보너스", "Bonus"),
                order=2,
                middles=(Middle(code="balance", title=text("조회", "Balance"), items=(points,)),),
            ),
            Major(
                code="common",
                title=text("공통", "Common"),
                order=3,
                middles=(Middle(code="talk", title=text("통화", "Call"), items=(greeting,)),),
            ),
        ),
    )


def welcome(*, may_dial: bool = True) -> Welcome:
    return Welcome(
        version=1,
        session="s1",
        token="token",
        token_until=NOW + 12 * 3600 * S,
        server_time=NOW,
        me=Me(agent=AGENT, name="이서윤", extension="2003", group="주문상담팀", roles=("agent",), may_dial=may_dial),
        phone=None,
        catalogue=Catalogue(
            not_ready_reasons=(
                code("break", "휴식", "Break"),
                code("meal", "식사", "Meal"),
                code("training", "교육", "Training"),
                code("meeting", "회의", "Meeting"),
                code("work", "업무", "Work"),
            ),
            decline_reasons=(),
            dispositions=(
                code(
                    "delivery",
                    "배송 문의",
                    "Delivery",
                    code("delay", "배송 지연", "Delayed"),
                    code("where", "배송 조회", "Tracking"),
                    code("address", "주소 변경", "Address"),
                ),
                code("order", "주문", "Order"),
                code("return", "반품·교환", "Return"),
                code("payment", "결제", "Payment"),
                code("product", "제품 문의", "Product"),
                code("complaint", "불만", "Complaint"),
            ),
            record_views=(
                ViewTitle(view="basic", title={"ko": "기본", "en": "Basic"}),
                ViewTitle(view="orders", title={"ko": "주문", "en": "Orders"}),
                ViewTitle(view="delivery", title={"ko": "배송", "en": "Delivery"}),
                ViewTitle(view="bonus", title={"ko": "보너스", "en": "Bonus"}),
                ViewTitle(view="inquiries", title={"ko": "문의", "en": "Inquiries"}),
            ),
            queues=(
                QueueTitle(queue="orders", title={"ko": "주문 큐", "en": "Orders"}),
                QueueTitle(queue="care", title={"ko": "고객케어 큐", "en": "Care"}),
            ),
            scripts=msgspec.Raw(msgspec.json.encode(library())),
            scripts_version="sample",
        ),
    )


def agent(occupation: str = "idle", **more: object) -> AgentView:
    mode = str(more.pop("mode", "ready"))
    busy = {"idle": mode, "after_call_work": "working_after_call"}.get(occupation, "busy")
    fields: dict[str, object] = {
        "agent": AGENT,
        "state": busy,
        "mode": mode,
        "reason": "" if mode == "ready" else "signed_in",
        "occupation": occupation,
        "since": NOW - 134 * S,
        "phone_registered": True,
        **more,
    }
    return AgentView(**fields)  # type: ignore[arg-type]


def call(phase: str, **more: object) -> CallView:
    fields: dict[str, object] = {
        "call": CALL,
        "direction": "inbound",
        "phase": phase,
        "since": NOW - 6 * S,
        "number": "01023456789",
        "queue": "orders",
        "language": "ko",
        "tier": "vip",
        "verification": "verified",
        "customer": CUSTOMER,
        "waited_us": 38 * S,
        **more,
    }
    if phase in ("connected", "held"):
        fields.setdefault("established_at", NOW - 134 * S)
        fields.setdefault("recording", "recording")
    if phase in ("reserved", "alerting"):
        fields.setdefault("ring_until", NOW + 14 * S)
    return CallView(**fields)  # type: ignore[arg-type]


def snapshot(seq: int = 0, **more: object) -> Snapshot:
    fields: dict[str, object] = {"seq": seq, "at": NOW, "agent": agent(), "call": None, **more}
    return Snapshot(**fields)  # type: ignore[arg-type]


def header() -> CardHeader:
    return CardHeader(
        name="김민지",
        number="01023456789",
        tier="vip",
        verification="verified",
        language="ko",
        customer=CUSTOMER,
        summary="KR-20931 배송 중 · 지난 통화: 배송 지연 불만",
    )


def sections() -> dict[str, object]:
    return {
        "header": header(),
        "profile": Profile(
            customer=CUSTOMER,
            name="김민지",
            number="01023456789",
            address="서울 마포구 월드컵로 ●●",
            tier="vip",
            language="ko",
            seller="박점장",
            store="홍대점",
            open_cases=1,
            open_case_text="반품 접수 1건",
        ),
        "alerts": Alerts(
            alerts=(
                Alert(level="warning", text="지난 통화(11/18)에서 배송 지연으로 불만. 사과 후 진행 상황부터 안내."),
            )
        ),
        "needs": Needs(
            payment="신한 ****-1207",
            payment_share=0.82,
            products=(
                ProductLine(product="p1", name="수분 크림", orders=14, picture="p1"),
                ProductLine(product="p2", name="세럼", orders=9, picture="p2"),
                ProductLine(product="p3", name="클렌저", orders=6, picture="p3"),
            ),
            order="KR-20931",
            order_amount=68_000,
            order_at=at("2026-11-15 20:11"),
            order_steps=(
                OrderStep(code="ordered", state="done"),
                OrderStep(code="paid", state="done"),
                OrderStep(code="shipped", state="done"),
                OrderStep(code="delivering", state="current"),
                OrderStep(code="completed", state="ahead"),
            ),
        ),
        "timeline": timeline(),
        "script_data": ScriptData(
            values={
                "customer.name": "김민지",
                "order.number": "KR-20931",
                "delivery.status": "배송 중",
                "delivery.due_date": "11월 22일",
                "bonus.points": "12,400",
            }
        ),
    }


def card_sections(call_id: int = CALL, customer: str = CUSTOMER) -> list[CardSection]:
    return [
        CardSection(call=call_id, customer=customer, section=name, data=data, at=NOW)  # type: ignore[arg-type]
        for name, data in sections().items()
    ]


def timeline() -> Timeline:
    row = TimelineRow
    return Timeline(
        rows=(
            row(
                at=at("2026-11-18 13:28"),
                kind="call_in",
                title="배송 지연 문의 · 재배송 요청",
                text="11/18 주문 미도착. 물류센터 확인 후 11/22 재배송 안내. 다시 늦으면 환불 요청 의사.",
                tag="불만",
                tag_level="alarm",
                duration_s=252,
                recording="r1",
            ),
            row(
                at=at("2026-11-15 20:11"),
                kind="order",
                title="주문 KR-20931 · ₩68,000",
                text="수분 크림 2, 세럼 1 · 웹 주문 · 신한 ****-1207",
                reference="KR-20931",
                view="orders",
            ),
            row(
                at=at("2026-11-12 09:40"),
                kind="inquiry",
                title="웹 문의 #1183 답변 완료",
                text="“세럼 개봉 후 사용 기한?” → FAQ “개봉 후 12개월” 안내, 도움됨.",
            ),
            row(
                at=at("2026-11-10 15:02"),
                kind="return",
                title="반품 접수 R-771 · 처리 중",
                text="클렌저 펌프 불량. 회수 완료, 환불 대기. 담당 A/S팀.",
            ),
            row(
                at=at("2026-10-27 11:05"),
                kind="callback",
                title="콜백 · 신제품 안내 동의",
                text="세럼 리뉴얼 안내. 다음 방문 시 샘플 요청.",
                duration_s=167,
                recording="r2",
            ),
            row(
                at=at("2026-10-14 00:00"),
                kind="visit",
                title="방문 구매 · 홍대점",
                text="박점장. 수분 크림 1, 세럼 1 · ₩53,000",
            ),
            row(at=at("2026-10-02 09:00"), kind="mail", title="뉴스레터 열람", text="“가을 보습” 2회 클릭"),
            row(
                at=at("2026-09-21 10:00"),
                kind="note",
                title="메모 · 이준호",
                text="오전 통화 선호. 문자 먼저 보내 달라고 함.",
            ),
        ),
        has_more=False,
    )


def long_timeline(rows: int) -> Timeline:
    """A history as long as asked for, over several years."""
    kinds = ("call_in", "order", "inquiry", "return", "callback", "visit", "mail", "note")
    return Timeline(
        rows=tuple(
            TimelineRow(
                at=NOW - number * 3 * 24 * 3600 * S,
                kind=kinds[number % len(kinds)],
                title=f"접촉 {number}",
                text="배송 지연으로 문의. 물류센터 확인 후 안내.",
                duration_s=number if number % 3 == 0 else None,
            )
            for number in range(rows)
        )
    )


def queues(service_level: float = 0.76) -> tuple[QueueGauge, ...]:
    return (
        QueueGauge(
            queue="orders",
            waiting=5,
            longest_since=NOW - 102 * S,
            service_level=service_level,
            target=0.8,
            threshold_s=20,
            ready=3,
            answered=213,
            abandoned=16,
        ),
        QueueGauge(
            queue="care",
            waiting=2,
            longest_since=NOW - 31 * S,
            service_level=0.82,
            target=0.8,
            threshold_s=20,
            ready=1,
            answered=120,
            abandoned=5,
        ),
    )


def my_day() -> MyDay:
    return MyDay(answered=23, dialled=2, missed=0, talk_mean_s=151.0)


MESSAGE_MS = 24_000
PROMISE = {
    "direction": "callback",
    "callback": 100,
    "callback_asked_at": NOW - 1_500 * S,
    "callback_attempt": 2,
    "callback_attempts_max": 3,
}
"""What a call says more when it carries out a callback."""


def callbacks() -> tuple[CallbackView, ...]:
    names = (("김도윤", "01087654321"), ("오세훈", "0212345678"), ("장미란", "01055556666"))
    return tuple(
        CallbackView(
            callback=100 + number,
            state="waiting",
            number=telephone,
            due_at=NOW + (number - 1) * 600 * S,
            requested_at=NOW - (30 - number) * 60 * S,
            queue="orders",
            customer=f"C-00{number}",
            customer_name=name,
            language="ko",
            attempts=number,
            message_ms=MESSAGE_MS if number == 1 else 0,
            is_automatic=number == 2,
        )
        for number, (name, telephone) in enumerate(names)
    )


STATES = {
    "delivering": {"ko": "배송 중", "en": "On its way"},
    "completed": {"ko": "완료", "en": "Completed"},
    "returned": {"ko": "반품", "en": "Returned"},
    "earned": {"ko": "적립", "en": "Earned"},
    "used": {"ko": "사용", "en": "Used"},
}


def view(name: str, customer: str = CUSTOMER) -> ViewLoaded:
    """A record view with three rows."""

    def column(key: str, ko: str, en: str, kind: str = "text", width: int = 14) -> Column:
        values = STATES if kind == "state" else {}
        levels = {"delivering": "info", "completed": "ok", "returned": "warning"} if kind == "state" else {}
        return Column(key=key, title={"ko": ko, "en": en}, kind=kind, width=width, values=values, levels=levels)

    if name == "bonus":
        return ViewLoaded(
            customer=customer,
            view=name,
            columns=(
                column("date", "날짜", "Date", "date"),
                column("kind", "구분", "Kind", "state", 10),
                column("points", "점수", "Points", "number", 10),
                column("balance", "잔액", "Balance", "number", 12),
            ),
            detail=(column("note", "내용", "Note"),),
            rows=(
                {
                    "date": at("2026-11-15 20:11"),
                    "kind": "earned",
                    "points": 680,
                    "balance": 12_400,
                    "note": "KR-20931",
                },
                {"date": at("2026-10-14 11:00"), "kind": "used", "points": -3_000, "balance": 11_720, "note": "홍대점"},
                {"date": at("2026-09-01 11:00"), "kind": "earned", "points": 530, "balance": 14_720, "note": None},
            ),
        )
    return ViewLoaded(
        customer=customer,
        view=name,
        columns=(
            column("number", "주문번호", "Order", width=12),
            column("date", "주문일", "Date", "date", 12),
            column("state", "상태", "State", "state", 10),
            column("amount", "금액", "Amount", "money", 12),
        ),
        detail=(
            column("items", "품목", "Items"),
            column("carrier", "택배사", "Carrier"),
            column("tracking", "운송장", "Tracking no."),
            column("due", "도착 예정", "Due", "date"),
            column("address", "배송지", "Address"),
        ),
        rows=(
            {
                "number": "KR-20931",
                "date": at("2026-11-15 20:11"),
                "state": "delivering",
                "amount": 68_000,
                "items": "수분 크림 2, 세럼 1",
                "carrier": "이음택배",
                "tracking": "****-8841",
                "due": at("2026-11-22 09:00"),
                "address": "서울 마포구 월드컵로 ●●",
            },
            {
                "number": "KR-20410",
                "date": at("2026-10-02 10:00"),
                "state": "completed",
                "amount": 35_000,
                "items": "클렌저 1",
                "carrier": "이음택배",
                "tracking": "****-1120",
                "due": None,
                "address": "",
            },
            {"number": "KR-19877", "date": at("2026-08-20 10:00"), "state": "returned", "amount": 53_000},
        ),
    )


_COLOURS = {"p1": ("#9CCBB7", "#3F5A75"), "p2": ("#EDBDBE", "#BF6872"), "p3": ("#CBD7FA", "#7789DC")}


def picture(name: str) -> bytes:
    """A bottle on a coloured ground, as PNG."""
    light, dark = _COLOURS.get(name, ("#DDDDDD", "#888888"))
    image = QImage(288, 180, QImage.Format.Format_RGB32)
    ground = QLinearGradient(0, 0, 288, 180)
    ground.setColorAt(0, QColor(light))
    ground.setColorAt(1, QColor(dark))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(image.rect(), ground)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(255, 255, 255, 225))
    painter.drawRoundedRect(QRectF(122, 26, 44, 24), 8, 8)
    painter.drawRoundedRect(QRectF(108, 44, 72, 110), 16, 16)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())
