"""Who is the caller? By customer number, else by telephone number; several candidates are all returned, nobody guesses.

Also finds customers for people who search. Decides nothing about verification: a number alone proves nothing.
"""

from cti_server.core.inputs import Candidate
from cti_server.core.vocabulary import CustomerRef, Extension
from cti_server.customers.connectors import Connector, Row
from cti_server.customers.numbers import display, keypad, normalise
from cti_server.wire.server import CustomerRow

CANDIDATES_MAX = 10
SEARCH_MAX = 50
SEARCH_TEXT_MAX = 80


class Directory:
    """Look-ups in the main system. Raises Unavailable."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def find(self, *, number: str = "", customer_number: str = "") -> tuple[Candidate, ...]:
        """Who it may be. A customer number that was given decides alone, also when nobody has it."""
        if customer_number:
            rows = await self._connector.fetch("by_keypad", keypad=keypad(customer_number))
        elif normal := normalise(number):
            rows = await self._connector.fetch("by_number", number=normal)
        else:
            rows = []
        return tuple(
            Candidate(
                customer=CustomerRef(row["customer"]),
                tier=row["tier"],
                language=row["language"],
                owner=_extension(row.get("owner")),
            )
            for row in rows[:CANDIDATES_MAX]
        )

    async def search(self, text: str, limit: int) -> tuple[CustomerRow, ...]:
        """Customers whose number, telephone number or part of the name is ``text``; empty for an empty text."""
        wanted = text.strip()[:SEARCH_TEXT_MAX]
        if not wanted:
            return ()
        rows = await self._connector.fetch(
            "search",
            text=wanted.upper(),
            keypad=keypad(wanted) or "-",
            number=normalise(wanted) or "-",
            pattern=f"%{_literal(wanted)}%",
            limit=max(1, min(limit, SEARCH_MAX)),
        )
        return tuple(customer_row(row) for row in rows)


def _extension(owner: object) -> Extension | None:
    """Of the agent whose account it is. A main system that has no such column, or nobody in it, names nobody."""
    text = "" if owner is None else str(owner).strip()
    return Extension(text) if text else None


def customer_row(row: Row) -> CustomerRow:
    """A line in a list of customers."""
    return CustomerRow(
        customer=row["customer"],
        name=row["name"],
        number=display(row["number"]),
        tier=row["tier"],
        address=row["address"],
    )


def _literal(text: str) -> str:
    """``text`` without the signs that mean "anything" to LIKE."""
    return text.replace("%", "").replace("_", "")
