"""Who is on the line, in words: the card's header where it is known, else what the call itself says."""

from __future__ import annotations

from dataclasses import dataclass

from agent_app.i18n import formats, tr, words
from agent_app.store import Card, Store
from cti_server.wire.server import CallView


@dataclass(frozen=True, slots=True)
class Caller:
    """Ready to draw. ``verification`` is a code (unverified, verified, locked); empty texts are not shown."""

    name: str = ""
    number: str = ""
    raw_number: str = ""
    tier: str = ""
    verification: str = "unverified"
    queue: str = ""
    waited: str = ""
    language: str = ""
    summary: str = ""
    customer: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.customer)

    def line(self) -> str:
        """Number, queue and wait in one line."""
        waited = tr("caller.waited", time=self.waited) if self.waited else ""
        return " · ".join(part for part in (self.number, self.queue, waited) if part)


def caller_of(store: Store, call: CallView | None, card: Card | None) -> Caller:
    header = card.header if card else None
    if call is None and header is None:
        return Caller()
    raw = (call.number if call else "") or (header.number if header else "")
    number = formats.telephone(raw) if raw else tr("caller.no_number")
    verified = call.verification if call else "unverified"
    if verified == "unverified" and header is not None:
        verified = header.verification
    return Caller(
        name=(header.name if header else "") or (call.display_name if call else "") or number,
        number=number,
        raw_number=raw,
        tier=(header.tier if header else "") or (call.tier if call else ""),
        verification=verified,
        queue=queue_word(store, call.queue) if call else "",
        waited=formats.duration(call.waited_us / 1e6) if call and call.direction == "inbound" else "",
        language=language_word((call.language if call else "") or (header.language if header else "")),
        summary=header.summary if header else "",
        customer=(header.customer if header else "") or (call.customer if call else ""),
    )


def queue_word(store: Store, queue: str) -> str:
    for title in store.welcome.catalogue.queues if store.welcome else ():
        if title.queue == queue:
            return words(title.title, queue)
    return queue


def language_word(code: str) -> str:
    match code:
        case "ko":
            return tr("language.ko")
        case "en":
            return tr("language.en")
        case _:
            return code


def tier_word(code: str) -> str:
    match code.lower():
        case "vip":
            return tr("tier.vip")
        case "gold":
            return tr("tier.gold")
        case "silver":
            return tr("tier.silver")
        case "basic" | "regular" | "normal" | "standard" | "":
            return ""
        case _:
            return code
