"""Who works in the sample centre. Invented people; passwords are made elsewhere."""

import msgspec


class SamplePerson(msgspec.Struct, frozen=True, kw_only=True):
    """``agent`` None: does not take calls. ``skills``: level by skill; queues are skills named like the queue."""

    user: str
    name: str
    name_en: str
    roles: tuple[str, ...]
    group: str = ""
    extension: str = ""
    agent: int | None = None
    skills: dict[str, int] = {}
    may_dial: bool = True


GROUPS: dict[str, dict[str, str]] = {
    "T/O": {"ko": "주문상담팀", "en": "Telephone orders"},
    "C/S": {"ko": "고객상담팀", "en": "Customer service"},
}
"""The groups' names by language; a person's ``group`` is the key."""


def _agent(number: int, user: str, name: str, name_en: str, group: str, *, english: int = 0) -> SamplePerson:
    own, other = ("orders", "care") if group == "T/O" else ("care", "orders")
    return SamplePerson(
        user=user,
        name=name,
        name_en=name_en,
        roles=("agent",),
        group=group,
        extension=str(2000 + number),
        agent=number,
        skills={own: 3, other: 1, "korean": 3} | ({"english": english} if english else {}),
    )


PEOPLE: tuple[SamplePerson, ...] = (
    _agent(1, "junho.lee", "이준호", "Junho Lee", "C/S"),
    _agent(2, "haeun.park", "박하은", "Haeun Park", "C/S", english=2),
    _agent(3, "seoyun.lee", "이서윤", "Seoyun Lee", "T/O", english=3),
    _agent(4, "dohyun.choi", "최도현", "Dohyun Choi", "T/O"),
    _agent(5, "yerin.jung", "정예린", "Yerin Jung", "T/O", english=1),
    _agent(6, "siwoo.kang", "강시우", "Siwoo Kang", "C/S"),
    _agent(7, "jiah.cho", "조지아", "Jiah Cho", "T/O"),
    _agent(8, "hyunwoo.yoon", "윤현우", "Hyunwoo Yoon", "C/S", english=3),
    SamplePerson(
        user="sunmi.han", name="한선미", name_en="Sunmi Han", roles=("supervisor",), group="C/S", extension="2100"
    ),
    SamplePerson(user="taejun.oh", name="오태준", name_en="Taejun Oh", roles=("reviewer",), group="C/S"),
)
