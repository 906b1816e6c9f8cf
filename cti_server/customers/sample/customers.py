"""The sample company's customers, stores and sellers, drawn from a seeded generator.

Names are chance combinations. Mobile numbers other than the first customer's begin with 010-0 or 010-1, which no
operator has been given, so that nobody's number is in here by accident.
"""

import hashlib
from random import Random
from typing import Any

from cti_server.customers.numbers import display, keypad, normalise
from cti_server.customers.sample.people import PEOPLE

Rows = dict[str, list[dict[str, Any]]]
"""Rows by the name of their table."""

CUSTOMERS = 300
FIRST_NUMBER = 4600
STORY = "C-004812"
"""The customer whose card is told in ``story.py``."""
OWNED_EVERY = 3
LANGUAGES = ("ko",) * 10 + ("en",)
TIERS = ("VIP",) * 2 + ("GOLD",) * 5 + ("SILVER",) * 9 + ("FAMILY",) * 14
SKINS = ("dry", "oily", "combination", "sensitive", "normal")
CARDS = ("신한", "국민", "현대", "삼성", "롯데", "하나", "우리", "농협")
PURPOSES = ("marketing_call", "marketing_sms", "newsletter", "recording")

_SURNAMES = "김이박최정강조윤장임한오서신권황안송류홍전고문양손배백허남심"
_FIRST = "민서지하도예수준현유시채은주윤건다가나태"
_SECOND = "준우서연윤아진호민영은희현경원빈율린솔겸"
_ENGLISH = ("Emma", "Liam", "Olivia", "Noah", "Ava", "Ethan", "Mia", "Lucas", "Grace", "Henry", "Chloe", "Oscar")
_ENGLISH_LAST = ("Walker", "Bennett", "Hughes", "Carter", "Foster", "Reed", "Morgan", "Ellis", "Parker", "Hayes")
_STORES = (
    ("S-01", "홍대점", "Hongdae", "02-334-1588", "서울 마포구 양화로 ●●"),
    ("S-02", "강남점", "Gangnam", "02-555-1588", "서울 강남구 테헤란로 ●●"),
    ("S-03", "수원점", "Suwon", "031-222-1588", "경기 수원시 팔달구 정조로 ●●"),
    ("S-04", "대전점", "Daejeon", "042-333-1588", "대전 서구 둔산로 ●●"),
    ("S-05", "대구점", "Daegu", "053-444-1588", "대구 중구 동성로 ●●"),
    ("S-06", "부산점", "Busan", "051-666-1588", "부산 해운대구 센텀중앙로 ●●"),
)
_STREETS = {
    "S-01": ("서울 마포구 월드컵로", "서울 서대문구 연희로", "서울 은평구 통일로"),
    "S-02": ("서울 강남구 봉은사로", "서울 서초구 반포대로", "서울 송파구 올림픽로"),
    "S-03": ("경기 수원시 영통구 광교로", "경기 용인시 수지구 포은대로", "경기 화성시 동탄대로"),
    "S-04": ("대전 유성구 대학로", "세종 한누리대로", "충북 청주시 흥덕구 가로수로"),
    "S-05": ("대구 수성구 달구벌대로", "경북 포항시 남구 포스코대로", "경북 구미시 송정대로"),
    "S-06": ("부산 남구 수영로", "울산 남구 삼산로", "경남 창원시 성산구 중앙대로"),
}


def sample_pin(seed: int, customer: str) -> str:
    """The four-digit PIN that ``customer`` of the sample centre of ``seed`` was given; robots press it."""
    digest = hashlib.sha256(f"{seed}:{customer}:pin".encode()).digest()
    return f"{int.from_bytes(digest[:4], 'big') % 10000:04}"


def customer_numbers() -> list[str]:
    """All customers' keys, in order."""
    return [f"C-{number:06}" for number in range(FIRST_NUMBER, FIRST_NUMBER + CUSTOMERS)]


def write_people(rows: Rows, chance: Random) -> None:
    """Fill stores, sellers, customers, phones, consents and cards."""
    rows["stores"] += [
        {"store": s, "name": name, "name_en": en, "number": number, "address": address}
        for s, name, en, number, address in _STORES
    ]
    _write_sellers(rows, chance)
    for customer in customer_numbers():
        if customer != STORY:
            _write_customer(rows, chance, customer)
    _share_a_household(rows)


def _write_sellers(rows: Rows, chance: Random) -> None:
    # 박점장 keeps the Hongdae store and sells too.
    rows["sellers"].append({"seller": "D-100", "name": "박점장", "store": "S-01", "number": "010-0100-2000"})
    for number in range(1, 24):
        store = _STORES[number % len(_STORES)][0]
        name, mobile = _korean_name(chance), _mobile(chance, rows)
        rows["sellers"].append({"seller": f"D-{100 + number}", "name": name, "store": store, "number": mobile})


def _write_customer(rows: Rows, chance: Random, customer: str) -> None:
    language = chance.choice(LANGUAGES)
    name = _korean_name(chance) if language == "ko" else f"{chance.choice(_ENGLISH)} {chance.choice(_ENGLISH_LAST)}"
    seller = chance.choice(rows["sellers"])
    mobile = _mobile(chance, rows)
    rows["customers"].append(
        {
            "customer": customer,
            "keypad": keypad(customer),
            "name": name,
            "language": language,
            "tier": chance.choice(TIERS),
            "number": display(mobile),
            "address": f"{chance.choice(_STREETS[seller['store']])} ●●",
            "email": f"{customer.lower()}@mail.example",
            "birthday": f"{chance.randint(1955, 2004)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
            "skin_type": chance.choice(SKINS),
            "seller": seller["seller"],
            "store": seller["store"],
            "joined_on": f"{chance.randint(2012, 2024)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
            "owner": _owner(customer),
        }
    )
    rows["phones"].append({"customer": customer, "number": mobile, "kind": "mobile"})
    if chance.random() < 0.15:
        rows["phones"].append({"customer": customer, "number": _landline(chance, rows), "kind": "home"})
    write_consents(rows, customer, {purpose: chance.random() < 0.7 for purpose in PURPOSES[:3]} | {"recording": True})
    for brand in chance.sample(CARDS, chance.choice((1, 1, 2, 3))):
        rows["cards"].append({"customer": customer, "brand": brand, "last_digits": f"{chance.randrange(10000):04}"})


def _owner(customer: str) -> str:
    """One customer in three is somebody's account: the agents take turns."""
    number = int(customer.removeprefix("C-"))
    extensions = [person.extension for person in PEOPLE if person.agent is not None]
    return extensions[number // OWNED_EVERY % len(extensions)] if number % OWNED_EVERY == 0 else ""


def write_consents(rows: Rows, customer: str, given: dict[str, bool]) -> None:
    rows["consents"] += [{"customer": customer, "purpose": p, "is_given": is_given} for p, is_given in given.items()]


def _share_a_household(rows: Rows) -> None:
    """Two customers at one number: whoever calls from it is one of several candidates."""
    first, second = rows["customers"][10]["customer"], rows["customers"][11]["customer"]
    shared = normalise("02-000-4120")
    rows["phones"] += [{"customer": c, "number": shared, "kind": "home"} for c in (first, second)]


def _korean_name(chance: Random) -> str:
    return chance.choice(_SURNAMES) + chance.choice(_FIRST) + chance.choice(_SECOND)


def _mobile(chance: Random, rows: Rows) -> str:
    return _unused(rows, lambda: f"+8210{chance.choice('01')}{chance.randrange(1000):03}{chance.randrange(10000):04}")


def _landline(chance: Random, rows: Rows) -> str:
    return _unused(rows, lambda: f"+8220{chance.randrange(100):02}{chance.randrange(10000):04}")


def _unused(rows: Rows, draw: Any) -> str:
    taken = {row["number"] for row in rows["phones"]}
    while (number := draw()) in taken:
        pass
    return str(number)
