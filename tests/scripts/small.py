"""A small library for tests: two topics, a greeting and a farewell."""

from collections.abc import Mapping

from scripts.model import Answer, Field, Item, Library, Major, Middle, Node, Text, View

VIEWS = ("basic", "bonus", "delivery", "payments")


def both(ko: str) -> Text:
    return Text(ko=ko, en=ko)


def answer(name: str, to: str, hint: str = "") -> Answer:
    return Answer(id=name, says=both(name), to=to, hint=both(hint) if hint else None)


def node(
    *answers: Answer,
    say: str = "말",
    view: str = "",
    arguments: Mapping[str, str] | None = None,
    fields: tuple[Field, ...] = (),
    pause_recording: bool = False,
) -> Node:
    """A node without answers ends its item."""
    return Node(
        say=both(say),
        answers=answers,
        view=View(name=view, arguments=dict(arguments or {})) if view else None,
        fields=fields,
        pause_recording=pause_recording,
        ends=not answers,
    )


def item(code: str, nodes: Mapping[str, Node], *, start: str = "start", sets_reason: bool = True) -> Item:
    return Item(code=code, title=both(f"{code} 소"), start=start, nodes=dict(nodes), sets_reason=sets_reason)


def major(code: str, order: int, *items: Item) -> Major:
    return Major(
        code=code,
        title=both(f"{code} 대"),
        order=order,
        middles=(Middle(code="all", title=both(f"{code} 중"), items=items),),
    )


GREETING = item(
    "greeting",
    {"start": node(answer("bonus", "bonus.all.balance"), answer("late", "delivery.all.late"), view="basic")},
    sets_reason=False,
)
FAREWELL = item(
    "farewell",
    {"start": node(answer("done", "bye"), answer("more", "talk.all.greeting")), "bye": node()},
    sets_reason=False,
)
BALANCE = item("balance", {"start": node(answer("fine", "talk.all.farewell"), say="{bonus.points}점", view="bonus")})
LATE = item(
    "late",
    {
        "start": node(answer("yes", "due"), answer("no", "pay")),
        "due": node(
            answer("home", "talk.all.farewell"),
            answer("bonus", "bonus.all.balance"),
            answer("again", "start", "처음으로"),
            view="delivery",
            arguments={"order": "{order.number}"},
        ),
        "pay": node(answer("paid", "due"), view="payments", pause_recording=True),
    },
)
LIBRARY = Library(
    version="1",
    opening="talk.all.greeting",
    majors=(major("bonus", 1, BALANCE), major("delivery", 2, LATE), major("talk", 3, GREETING, FAREWELL)),
)
