"""The sample company's products: names, prices, use, and how their pictures are drawn (shape and tint)."""

import msgspec


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """``shape``: see ``pictures.SHAPES``. ``tint``: the two ends of the background, RRGGBB."""

    product: str
    name: str
    name_en: str
    category: str
    price: int
    usage: str
    usage_en: str
    shape: str
    tint: tuple[str, str]


TEAL = ("8FC4B3", "3F5B72")
ROSE = ("EFBFC1", "C0707A")
LAVENDER = ("C4CFF8", "6F86DC")
SAND = ("F0DFC4", "B08A5B")
LEAF = ("CBE3B7", "5E8A55")
NIGHT = ("9AA7C7", "37415F")
CORAL = ("F7C6AE", "D06B52")
PEARL = ("E6E3EE", "9C93B5")


def _product(
    product: str, name: str, name_en: str, category: str, price: int, *,
    usage: str, usage_en: str, shape: str, tint: tuple[str, str],
) -> Product:  # fmt: skip
    return Product(
        product=product, name=name, name_en=name_en, category=category, price=price,
        usage=usage, usage_en=usage_en, shape=shape, tint=tint,
    )  # fmt: skip


PRODUCTS: tuple[Product, ...] = (
    _product("P-101", "수분 크림", "Moisture cream", "cream", 15000, shape="bottle", tint=TEAL,
             usage="세안 후 아침저녁으로 얼굴 전체에 펴 바르세요. 개봉 후 12개월 안에 사용하세요.",
             usage_en="Spread over the face morning and evening after washing. Use within 12 months of opening."),
    _product("P-102", "세럼", "Serum", "serum", 38000, shape="bottle", tint=ROSE,
             usage="토너 다음 단계에서 두세 방울을 가볍게 두드려 흡수시키세요. 개봉 후 12개월 안에 사용하세요.",
             usage_en="After toner, pat in two or three drops. Use within 12 months of opening."),
    _product("P-103", "클렌저", "Cleanser", "cleanser", 19000, shape="bottle", tint=LAVENDER,
             usage="젖은 손에서 거품을 낸 뒤 얼굴을 문지르고 미온수로 씻어 내세요.",
             usage_en="Foam in wet hands, massage the face and rinse with lukewarm water."),
    _product("P-104", "진정 토너", "Calming toner", "toner", 18000, shape="tall", tint=LEAF,
             usage="화장솜에 적셔 피부결을 따라 닦아 내세요.", usage_en="Wipe along the skin with a cotton pad."),
    _product("P-105", "영양 크림", "Nourishing cream", "cream", 42000, shape="jar", tint=SAND,
             usage="저녁 마지막 단계에서 얼굴과 목에 바르세요.",
             usage_en="Apply to face and neck as the last evening step."),
    _product("P-106", "아이 크림", "Eye cream", "cream", 38000, shape="tube", tint=PEARL,
             usage="약지로 눈가를 가볍게 두드리며 바르세요.", usage_en="Pat around the eyes with the ring finger."),
    _product("P-107", "비타민 앰풀", "Vitamin ampoule", "serum", 34000, shape="dropper", tint=CORAL,
             usage="저녁에 사용하고, 아침에는 자외선 차단제를 함께 바르세요.",
             usage_en="Use in the evening; wear sunscreen in the morning."),
    _product("P-108", "자외선 차단제 SPF50+", "Sunscreen SPF50+", "sun", 22000, shape="tube", tint=SAND,
             usage="외출 30분 전에 충분히 바르고 두세 시간마다 덧바르세요.",
             usage_en="Apply amply 30 minutes before going out and again every two to three hours."),
    _product("P-109", "수면 팩", "Sleeping mask", "mask", 24000, shape="jar", tint=NIGHT,
             usage="잠들기 전 두껍게 바르고 다음 날 아침 씻어 내세요.",
             usage_en="Apply a thick layer before sleep; rinse in the morning."),
    _product("P-110", "시트 마스크 10매", "Sheet masks, 10 pieces", "mask", 15000, shape="pouch", tint=TEAL,
             usage="15분 뒤 떼어 내고 남은 에센스를 두드려 흡수시키세요.",
             usage_en="Remove after 15 minutes and pat in what is left."),
    _product("P-111", "클렌징 오일", "Cleansing oil", "cleanser", 21000, shape="pump", tint=SAND,
             usage="마른 손으로 마른 얼굴에 문지른 뒤 물로 유화시켜 씻어 내세요.",
             usage_en="Massage on a dry face with dry hands, add water and rinse."),
    _product("P-112", "각질 제거 젤", "Peeling gel", "cleanser", 17000, shape="tube", tint=LEAF,
             usage="주 1~2회, 문지르며 각질을 정리하고 씻어 내세요.",
             usage_en="Once or twice a week; rub gently and rinse."),
    _product("P-201", "립스틱 코랄", "Lipstick coral", "make-up", 23000, shape="lipstick", tint=CORAL,
             usage="입술 안쪽부터 펴 바르세요.", usage_en="Apply from the middle of the lips outwards."),
    _product("P-202", "립스틱 로즈", "Lipstick rose", "make-up", 23000, shape="lipstick", tint=ROSE,
             usage="입술 안쪽부터 펴 바르세요.", usage_en="Apply from the middle of the lips outwards."),
    _product("P-203", "쿠션 파운데이션 21호", "Cushion foundation 21", "make-up", 36000, shape="compact", tint=PEARL,
             usage="퍼프에 적당량을 묻혀 두드려 바르세요.", usage_en="Take a little on the puff and pat on."),
    _product("P-204", "쿠션 파운데이션 23호", "Cushion foundation 23", "make-up", 36000, shape="compact", tint=SAND,
             usage="퍼프에 적당량을 묻혀 두드려 바르세요.", usage_en="Take a little on the puff and pat on."),
    _product("P-205", "아이섀도 팔레트", "Eye shadow palette", "make-up", 32000, shape="compact", tint=ROSE,
             usage="옅은 색부터 겹쳐 바르세요.", usage_en="Layer from the lightest shade."),
    _product("P-206", "마스카라", "Mascara", "make-up", 19000, shape="tall", tint=NIGHT,
             usage="속눈썹 뿌리부터 지그재그로 올리세요.", usage_en="Brush from the roots in a zigzag."),
    _product("P-301", "바디 로션", "Body lotion", "body", 18000, shape="pump", tint=LEAF,
             usage="샤워 뒤 물기가 남아 있을 때 바르세요.", usage_en="Apply after a shower while the skin is damp."),
    _product("P-302", "핸드 크림 3종", "Hand creams, set of 3", "body", 14000, shape="tube", tint=CORAL,
             usage="손을 씻은 뒤 수시로 바르세요.", usage_en="Apply after washing the hands."),
    _product("P-303", "샴푸", "Shampoo", "hair", 16000, shape="pump", tint=LAVENDER,
             usage="거품을 내어 두피를 마사지한 뒤 헹구세요.", usage_en="Foam, massage the scalp and rinse."),
    _product("P-304", "헤어 에센스", "Hair essence", "hair", 20000, shape="dropper", tint=SAND,
             usage="물기를 닦은 모발 끝에 바르세요.", usage_en="Apply to the ends of towel-dried hair."),
    _product("P-401", "여행용 4종 세트", "Travel set of 4", "set", 29000, shape="pouch", tint=LAVENDER,
             usage="토너, 세럼, 크림, 클렌저 순서표가 상자 안에 있습니다.",
             usage_en="The box explains the order: cleanser, toner, serum, cream."),
    _product("P-402", "선물 세트 가을", "Autumn gift set", "set", 89000, shape="jar", tint=CORAL,
             usage="영양 크림과 세럼이 들어 있습니다.", usage_en="Holds the nourishing cream and the serum."),
)  # fmt: skip
