"""How values from the main system are said in the agent's language: dates, money, and the few phrases of the card."""

from datetime import date, datetime, timedelta, timezone

SEOUL = timezone(timedelta(hours=9))
_PHRASES: dict[str, dict[str, str]] = {
    "open_service": {"ko": "{kind} 접수 {n}건", "en": "{kind} open: {n}"},
    "open_case": {"ko": "민원 {n}건", "en": "Cases open: {n}"},
    "order": {"ko": "주문 {number} · {amount}", "en": "Order {number} · {amount}"},
    "order_channel": {"ko": "{channel} 주문", "en": "{channel} order"},
    "inquiry": {"ko": "{channel} 문의 #{number} {state}", "en": "{channel} inquiry #{number}: {state}"},
    "inquiry_text": {"ko": "“{question}” → {answer}", "en": "“{question}” → {answer}"},
    "inquiry_open": {"ko": "“{question}”", "en": "“{question}”"},
    "service": {"ko": "{kind} 접수 {number} · {state}", "en": "{kind} {number} · {state}"},
    "service_text": {"ko": "{text} 담당 {department}.", "en": "{text} Handled by {department}."},
    "product_count": {"ko": "{name} {n}", "en": "{name} {n}"},
}


def phrase(key: str, language: str, **values: str | int) -> str:
    """A phrase of the card, filled in."""
    words = _PHRASES[key]
    return words.get(language, words["ko"]).format(**values)


def money(amount: int) -> str:
    """As a screen shows it: ``₩68,000``."""
    return f"₩{amount:,}"


def spoken_money(amount: int, language: str) -> str:
    """As it is said: ``68,000원``."""
    return f"{amount:,} won" if language == "en" else f"{amount:,}원"


def spoken_day(day: date, language: str) -> str:
    """As it is said: ``11월 22일``, ``November 22``."""
    return f"{day:%B} {day.day}" if language == "en" else f"{day.month}월 {day.day}일"


def day_of(at: int, zone: timezone = SEOUL) -> date:
    """The calendar day of a UTC time in microseconds."""
    return datetime.fromtimestamp(at / 1_000_000, zone).date()


def spoken_iso(text: str, language: str) -> str:
    """An ISO date as it is said; empty when it is none."""
    try:
        return spoken_day(date.fromisoformat(text), language)
    except ValueError:
        return ""
