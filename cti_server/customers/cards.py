"""The sections of a customer's card, each from its own queries, so that a slow one delays only itself.

Decides what a section says. The gateway decides when it goes out, and adds what only the call knows.
"""

from collections.abc import Sequence

from cti_server.customers.connectors import Connector, Row
from cti_server.customers.declarations import Declarations
from cti_server.customers.directory import customer_row
from cti_server.customers.words import phrase
from cti_server.wire.server import (
    Alert,
    Alerts,
    CustomerRow,
    Needs,
    OrderStep,
    ProductLine,
    Profile,
)

SHARE_ORDERS_MIN = 2
"""From so many payments on, the most frequent method is called the usual one."""


class CustomerCards:
    """Reads card sections. Every method raises Unavailable when the main system does not answer."""

    def __init__(self, connector: Connector, declarations: Declarations) -> None:
        self._connector = connector
        self._declared = declarations

    async def person(self, customer: str) -> CustomerRow | None:
        """Name, number, tier; None: the main system has nobody of that key."""
        rows = await self._connector.fetch("customer", customer=customer)
        return customer_row(rows[0]) if rows else None

    async def people(self, customers: Sequence[str]) -> tuple[CustomerRow, ...]:
        """Those of ``customers`` that exist, in their order."""
        found = [await self.person(customer) for customer in customers]
        return tuple(person for person in found if person is not None)

    async def summary(self, customer: str, language: str) -> str:
        """One line for the incoming panel: the last order and what is open."""
        orders = await self._connector.fetch("last_order", customer=customer)
        parts = [f"{o['order_number']} {self.word('order_status', o['status'], language)}" for o in orders]
        open_text = (await self._open(customer, language))[1]
        return " · ".join([*parts, *([open_text] if open_text else [])])

    async def profile(self, customer: str, language: str) -> Profile | None:
        rows = await self._connector.fetch("customer", customer=customer)
        if not rows:
            return None
        row = rows[0]
        consents = await self._connector.fetch("consents", customer=customer)
        bonus = await self._connector.fetch("bonus", customer=customer)
        open_cases, open_text = await self._open(customer, language)
        store = row["store_name_en"] if language == "en" else row["store_name"]
        return Profile(
            customer=customer,
            name=row["name"],
            number=row["number"],
            address=row["address"],
            tier=row["tier"],
            language=row["language"],
            seller=row["seller_name"] or "",
            store=store or "",
            birthday=row["birthday"],
            skin_type=self.word("skin_type", row["skin_type"], language),
            bonus_points=int(bonus[0]["balance"]) if bonus else 0,
            consents={consent["purpose"]: bool(consent["is_given"]) for consent in consents},
            open_cases=open_cases,
            open_case_text=open_text,
        )

    async def alerts(self, customer: str) -> Alerts:
        rows = await self._connector.fetch("alerts", customer=customer)
        return Alerts(alerts=tuple(Alert(level=row["level"], text=row["text"]) for row in rows))

    async def needs(self, customer: str, language: str) -> Needs:
        """Usual payment, products ordered most, the last order with its steps."""
        payment, share = _usual(await self._connector.fetch("payment_methods", customer=customer))
        products = await self._connector.fetch("favourite_products", customer=customer)
        orders = await self._connector.fetch("last_order", customer=customer)
        order = orders[0] if orders else None
        steps = await self._connector.fetch("order_steps", order_number=order["order_number"]) if order else []
        return Needs(
            payment=payment,
            payment_share=share,
            products=tuple(_product_line(row, language) for row in products),
            order=order["order_number"] if order else "",
            order_amount=order["amount"] if order else None,
            order_at=order["ordered_at"] if order else None,
            order_steps=tuple(OrderStep(code=row["code"], state=row["state"]) for row in steps),
        )

    async def picture(self, name: str) -> bytes | None:
        """PNG; None: there is none of that name."""
        rows = await self._connector.fetch("picture", picture=name)
        return bytes(rows[0]["png"]) if rows else None

    def word(self, table: str, code: str, language: str) -> str:
        """A coded value in words; the code itself when the declarations have none."""
        words = self._declared.codes[table].get(code, {})
        return words.get(language) or words.get("ko") or code

    async def _open(self, customer: str, language: str) -> tuple[int, str]:
        services = await self._connector.fetch("open_services", customer=customer)
        cases = await self._connector.fetch("open_cases", customer=customer)
        kinds = list(dict.fromkeys(row["kind"] for row in services))
        texts = [
            phrase(
                "open_service",
                language,
                kind=self.word("service_kind", kind, language),
                n=sum(row["kind"] == kind for row in services),
            )
            for kind in kinds
        ]
        if cases:
            texts.append(phrase("open_case", language, n=len(cases)))
        return len(services) + len(cases), " · ".join(texts)


def _usual(methods: list[Row]) -> tuple[str, float | None]:
    total = sum(row["times"] for row in methods)
    if total < SHARE_ORDERS_MIN:
        return (methods[0]["method"] if methods else ""), None
    return methods[0]["method"], methods[0]["times"] / total


def _product_line(row: Row, language: str) -> ProductLine:
    name = row["name_en"] if language == "en" else row["name"]
    return ProductLine(product=row["product"], name=name, orders=row["orders"], picture=row["product"])
