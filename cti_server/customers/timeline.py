"""What the main system knows of a customer's past, as rows of the timeline, newest first.

Our own calls are not in it: the gateway merges them.
"""

from collections import defaultdict

from cti_server.customers.cards import CustomerCards
from cti_server.customers.connectors import Connector, Row
from cti_server.customers.words import money, phrase
from cti_server.wire.server import TimelineRow

ROWS_MAX = 100
FAR_FUTURE = 1 << 62


class CustomerTimeline:
    """Reads contacts, orders, inquiries and returns. Raises Unavailable."""

    def __init__(self, connector: Connector, cards: CustomerCards) -> None:
        self._connector = connector
        self._cards = cards

    async def rows(
        self, customer: str, language: str, *, before_at: int = FAR_FUTURE, limit: int = 50
    ) -> list[TimelineRow]:
        """At most ``limit`` rows from before ``before_at`` (UTC µs), newest first."""
        at_most = max(1, min(limit, ROWS_MAX))
        wanted: dict[str, str | int] = {"customer": customer, "before_at": before_at, "limit": at_most}
        contacts = await self._connector.fetch("timeline_contacts", **wanted)
        orders = await self._connector.fetch("timeline_orders", **wanted)
        lines = await self._connector.fetch("timeline_lines", customer=customer, before_at=before_at)
        inquiries = await self._connector.fetch("timeline_inquiries", **wanted)
        services = await self._connector.fetch("timeline_services", **wanted)
        rows = [
            *(_contact(row) for row in contacts),
            *self._orders(orders, lines, language),
            *(self._inquiry(row, language) for row in inquiries),
            *(self._service(row, language) for row in services),
        ]
        return sorted(rows, key=lambda row: row.at, reverse=True)[:at_most]

    def _orders(self, orders: list[Row], lines: list[Row], language: str) -> list[TimelineRow]:
        items: dict[str, list[str]] = defaultdict(list)
        for line in lines:
            name = line["name_en"] if language == "en" else line["name"]
            items[line["order_number"]].append(phrase("product_count", language, name=name, n=line["quantity"]))
        return [self._order(row, items[row["order_number"]], language) for row in orders]

    def _order(self, row: Row, items: list[str], language: str) -> TimelineRow:
        channel = self._cards.word("channel", row["channel"], language)
        parts = [", ".join(items), phrase("order_channel", language, channel=channel), row["payment"]]
        return TimelineRow(
            at=row["ordered_at"],
            kind="order",
            title=phrase("order", language, number=row["order_number"], amount=money(row["amount"])),
            text=" · ".join(part for part in parts if part),
            reference=row["order_number"],
            view="order",
        )

    def _inquiry(self, row: Row, language: str) -> TimelineRow:
        channel, state = (
            self._cards.word("channel", row["channel"], language),
            self._cards.word("progress", row["state"], language),
        )
        number = row["inquiry"].removeprefix("Q-")
        text = "inquiry_text" if row["answer"] else "inquiry_open"
        return TimelineRow(
            at=row["answered_at"] or row["asked_at"],
            kind="inquiry",
            title=phrase("inquiry", language, channel=channel, number=number, state=state),
            text=phrase(text, language, question=row["question"], answer=row["answer"]),
            reference=row["inquiry"],
            view="inquiries",
        )

    def _service(self, row: Row, language: str) -> TimelineRow:
        kind = self._cards.word("service_kind", row["kind"], language)
        state = self._cards.word("progress", row["state"], language)
        text = row["text"] if row["text"].endswith((".", "!", "?")) else row["text"] + "."
        return TimelineRow(
            at=row["received_at"],
            kind="return",
            title=phrase("service", language, kind=kind, number=row["service"], state=state),
            text=phrase("service_text", language, text=text, department=row["department"]),
            reference=row["service"],
            view="service",
        )


def _contact(row: Row) -> TimelineRow:
    return TimelineRow(
        at=row["at"],
        kind=row["kind"],
        title=row["title"],
        text=row["text"],
        tag=row["tag"],
        tag_level=row["tag_level"],
        duration_s=row["duration_s"],
        reference=row["reference"],
        view=row["view"],
    )
