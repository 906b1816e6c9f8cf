"""The values that scripts may put into sentences, ready to be said, in the agent's language.

The names are those of ``scripts.sentences.DATA_NAMES``. What is not known is left out; the desktop shows "–" for it.
"""

from collections.abc import Mapping
from datetime import date

from cti_server.customers.cards import CustomerCards
from cti_server.customers.connectors import Connector, Row
from cti_server.customers.declarations import Declarations
from cti_server.customers.words import day_of, spoken_day, spoken_iso, spoken_money

Values = dict[str, str]


class ScriptValues:
    """Reads what scripts say about a customer. Raises Unavailable."""

    def __init__(self, connector: Connector, cards: CustomerCards, declarations: Declarations) -> None:
        self._connector = connector
        self._cards = cards
        self._company = declarations.company

    def of_centre(self, *, agent_name: str, today: date, language: str) -> Values:
        """What holds for every call."""
        return {
            "agent.name": agent_name,
            "company.name": self._company.name.get(language) or self._company.name["ko"],
            "company.phone": self._company.phone,
            "today.date": spoken_day(today, language),
        }

    async def of_customer(self, customer: str, *, today: date, language: str) -> Values:
        """What is known of ``customer``; empty when the main system does not know the key."""
        rows = await self._connector.fetch("customer", customer=customer)
        if not rows:
            return {}
        values = (
            _person(rows[0], self._cards.word("skin_type", rows[0]["skin_type"], language), language)
            | await self._order(customer, language)
            | await self._bonus(customer, today, language)
            | await self._open(customer, language)
            | await self._product(customer, language)
        )
        contacts = await self._connector.fetch("timeline_contacts", customer=customer, before_at=1 << 62, limit=1)
        if contacts:
            values["customer.last_contact"] = spoken_day(day_of(contacts[0]["at"]), language)
        return {name: value for name, value in values.items() if value}

    async def _order(self, customer: str, language: str) -> Values:
        orders = await self._connector.fetch("last_order", customer=customer)
        methods = await self._connector.fetch("payment_methods", customer=customer)
        usual = {"payment.method": methods[0]["method"]} if methods else {}
        if not orders:
            return usual
        order = orders[0]
        status = self._cards.word("order_status", order["status"], language)
        due = spoken_iso(order["arrival_on"], language)
        lines = await self._connector.fetch("timeline_lines", customer=customer, before_at=1 << 62)
        names = [_name(line, language) for line in lines if line["order_number"] == order["order_number"]]
        return usual | {
            "order.number": order["order_number"],
            "order.date": spoken_day(day_of(order["ordered_at"]), language),
            "order.amount": spoken_money(order["amount"], language),
            "order.status": status,
            "order.products": ", ".join(names),
            "order.due_date": due,
            "delivery.status": status,
            "delivery.due_date": due,
            "delivery.carrier": order["carrier"],
            "delivery.tracking_last4": order["tracking"][-4:],
            "payment.last_amount": spoken_money(order["amount"], language),
            "payment.status": self._cards.word("order_status", "paid", language),
        }

    async def _bonus(self, customer: str, today: date, language: str) -> Values:
        rows = await self._connector.fetch("bonus", customer=customer)
        if not rows:
            return {"bonus.points": "0"}
        earned = [row for row in rows if row["kind"] == "earned"]
        year_end = f"{today.year}-12-31"
        expiring = sum(row["points"] for row in earned if row["expires_on"] == year_end)
        return {
            "bonus.points": f"{rows[0]['balance']:,}",
            "bonus.expiring": f"{min(expiring, rows[0]['balance']):,}",
            "bonus.expiring_date": spoken_iso(year_end, language),
            "bonus.earned_last": f"{earned[0]['points']:,}" if earned else "",
        }

    async def _open(self, customer: str, language: str) -> Values:
        services = await self._connector.fetch("open_services", customer=customer)
        cases = await self._connector.fetch("open_cases", customer=customer)
        return self._entry("service", services, "service", language) | self._entry(
            "case", cases, "case_number", language
        )

    def _entry(self, name: str, rows: list[Row], key: str, language: str) -> Values:
        if not rows:
            return {}
        return {
            f"{name}.number": rows[0][key],
            f"{name}.status": self._cards.word("progress", rows[0]["state"], language),
            f"{name}.due_date": spoken_iso(rows[0]["due_on"], language),
        }

    async def _product(self, customer: str, language: str) -> Values:
        rows = await self._connector.fetch("favourite_products", customer=customer)
        if not rows:
            return {}
        return {"product.favorite": _name(rows[0], language), "product.price": spoken_money(rows[0]["price"], language)}


def _name(row: Mapping[str, str], language: str) -> str:
    return row["name_en"] if language == "en" else row["name"]


def _person(row: Row, skin_type: str, language: str) -> Values:
    return {
        "customer.name": row["name"],
        "customer.number": row["customer"],
        "customer.tier": row["tier"],
        "customer.phone_last4": row["number"][-4:],
        "customer.address_short": " ".join(row["address"].split()[:2]),
        "customer.skin_type": skin_type,
        "customer.seller": row["seller_name"] or "",
        "customer.store": (row["store_name_en"] if language == "en" else row["store_name"]) or "",
    }
