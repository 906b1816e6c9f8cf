"""What the script pane shows, and that the script drives the screen."""

from scripts.engine import ScriptRun, begin, choose, contact_reason, open_by_keys
from scripts.loader import load_library
from scripts.page import ShownView, page, path_titles
from scripts.sentences import plain
from tests.scripts.small import LIBRARY

SHIPPED = load_library()
DATA = {
    "customer.name": "김민지",
    "agent.name": "이서윤",
    "order.number": "KR-20931",
    "delivery.status": "배송 중",
    "delivery.due_date": "11월 22일",
    "bonus.points": "3,200",
}


def run(*answers: str) -> ScriptRun:
    at = begin(LIBRARY)
    for answer in answers:
        at = choose(LIBRARY, at, answer)
    return at


def test_which_inquiry_bonus_then_the_bonus_view_and_the_next_answers() -> None:
    """The case that was described: "어떤 문의 이십니까?" → "보너스" → bonus view and the next answers."""
    at = begin(SHIPPED)
    shown = page(SHIPPED, at, "ko", DATA)
    assert plain(shown.say).endswith("어떤 문의 이십니까?")
    bonus = next(answer for answer in shown.answers if answer.text == "보너스")
    at = choose(SHIPPED, at, bonus.id)
    shown = page(SHIPPED, at, "ko", DATA)
    assert shown.view == ShownView(name="bonus", arguments={}, label="보너스 포인트 내역")
    assert "3,200" in plain(shown.say)
    assert [answer.key for answer in shown.answers] == [1, 2, 3, 4]
    assert contact_reason(SHIPPED, at)[0] == "bonus"


def test_a_late_delivery_is_reached_in_three_keys_and_says_the_date() -> None:
    """배송 › 지연 › 재배송 확인, as the desktop's picture shows it."""
    at = open_by_keys(SHIPPED, "221")
    assert at is not None
    for answer in ("that_one", "on_the_way"):
        at = choose(SHIPPED, at, answer)
    shown = page(SHIPPED, at, "ko", DATA)
    assert shown.path == ("배송", "지연", "재배송 확인")
    assert plain(shown.say) == (
        "기다리시게 해서 죄송합니다, 김민지 고객님. 주문하신 KR-20931은 현재 배송 중이며 11월 22일 도착 예정입니다."
        " 그날 댁에서 받으실 수 있을까요?"
    )
    assert [answer.text for answer in shown.answers] == [
        "네, 받을 수 있어요",
        "부재중이에요",
        "다른 날로 바꿔 주세요",
        "그냥 환불해 주세요",
    ]
    assert [answer.hint for answer in shown.answers] == ["마무리로", "보관 장소 묻기", "날짜 변경", "환불 규정"]
    assert shown.view == ShownView(name="delivery", arguments={"order": "KR-20931"}, label="주문 KR-20931 배송 상세")
    assert [field.title for field in shown.fields] == ["보관 장소", "희망 날짜"]
    assert shown.step == 3


def test_a_page_is_in_the_agents_language() -> None:
    shown = page(SHIPPED, begin(SHIPPED), "en", DATA)
    assert plain(shown.say) == "Hello, this is 이서윤 at –. How can I help you, 김민지?"
    assert shown.path == ("Reception", "Start", "Greeting")


def test_a_view_without_its_data_shows_its_list() -> None:
    at = run("late", "yes")
    shown = page(LIBRARY, at, "ko", {})
    assert shown.view == ShownView(name="delivery", arguments={}, label="")
    shown = page(LIBRARY, at, "ko", {"order.number": "KR-1"})
    assert shown.view is not None
    assert shown.view.arguments == {"order": "KR-1"}


def test_an_answer_to_another_item_is_hinted_by_its_title() -> None:
    hints = [answer.hint for answer in page(LIBRARY, run("late", "yes"), "ko", {}).answers]
    assert hints == ["farewell 소", "balance 소", "처음으로"]


def test_a_payment_node_pauses_the_recording() -> None:
    assert page(LIBRARY, run("late", "no"), "ko", {}).pause_recording
    assert not page(LIBRARY, run("late"), "ko", {}).pause_recording


def test_the_end_of_an_item_has_no_answers() -> None:
    shown = page(LIBRARY, run("bonus", "fine", "done"), "ko", {})
    assert (shown.ends, shown.answers, shown.can_go_back) == (True, (), True)


def test_an_unknown_code_has_no_titles() -> None:
    assert path_titles(LIBRARY, "no.such.item", "ko") == ()
