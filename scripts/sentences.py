"""Fills data into sentences. A placeholder is {customer.name}, or {order.number:은/는} with the particle after it.

Decides which data names there are and how a missing value is shown. Knows nothing of where values come from.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from scripts.korean import particle

MISSING = "–"

# What the desktop can fill in; values are ready to be said (dates, amounts and states in the agent's language).
DATA_NAMES = (
    *("agent.name", "company.name", "company.phone", "today.date"),
    *("customer.name", "customer.number", "customer.tier", "customer.phone_last4", "customer.address_short"),
    *("customer.skin_type", "customer.seller", "customer.store", "customer.last_contact"),
    *("order.number", "order.date", "order.amount", "order.status", "order.products", "order.due_date"),
    *("delivery.status", "delivery.due_date", "delivery.carrier", "delivery.tracking_last4"),
    *("bonus.points", "bonus.expiring", "bonus.expiring_date", "bonus.earned_last"),
    *("payment.method", "payment.last_amount", "payment.status"),
    *("service.number", "service.status", "service.due_date"),
    *("case.number", "case.status", "case.due_date"),
    *("product.favorite", "product.price"),
)

_PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::([^{}/]*)/([^{}/]*))?\}")


class Part(NamedTuple):
    """A piece of a sentence; `is_data` ones are shown in bold."""

    text: str
    is_data: bool


def fill(sentence: str, data: Mapping[str, str]) -> tuple[Part, ...]:
    """The sentence in pieces. A value that is missing or empty reads “–”."""
    parts: list[Part] = []
    end = 0
    for match in _PLACEHOLDER.finditer(sentence):
        name, closed, opened = match.groups()
        value = data.get(name, "").strip() or MISSING
        _append(parts, sentence[end : match.start()])
        parts.append(Part(value, True))
        if closed is not None:
            _append(parts, particle(value, closed, opened))
        end = match.end()
    _append(parts, sentence[end:])
    return tuple(parts)


def plain(parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts)


def placeholders(sentence: str) -> tuple[str, ...]:
    return tuple(match.group(1) for match in _PLACEHOLDER.finditer(sentence))


def has_stray_brace(sentence: str) -> bool:
    """A brace that belongs to no placeholder would be read aloud."""
    return bool(set("{}") & set(_PLACEHOLDER.sub("", sentence)))


def _append(parts: list[Part], text: str) -> None:
    """Plain text joins the plain text before it."""
    if text and parts and not parts[-1].is_data:
        parts[-1] = Part(parts[-1].text + text, False)
    elif text:
        parts.append(Part(text, False))
