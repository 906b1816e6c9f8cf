"""The tables of the sample main system: a cosmetics company with door-to-door sellers.

They stand for somebody else's database, so they are made here and never migrated. Times are UTC
microseconds, money is won.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

shop = MetaData()

stores = Table(
    "stores",
    shop,
    Column("store", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_en", String, nullable=False),
    Column("number", String, nullable=False),
    Column("address", String, nullable=False),
)
sellers = Table(
    "sellers",
    shop,
    Column("seller", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("store", String, nullable=False),
    Column("number", String, nullable=False),
)
customers = Table(
    "customers",
    shop,
    Column("customer", String, primary_key=True),
    Column("keypad", String, nullable=False, index=True),
    Column("name", String, nullable=False, index=True),
    Column("language", String, nullable=False),
    Column("tier", String, nullable=False),
    Column("number", String, nullable=False),
    Column("address", String, nullable=False),
    Column("email", String, nullable=False),
    Column("birthday", String, nullable=False),
    Column("skin_type", String, nullable=False),
    Column("seller", String, nullable=False),
    Column("store", String, nullable=False),
    Column("joined_on", String, nullable=False),
    Column("owner", String, nullable=False, server_default=""),
)
phones = Table(
    "phones",
    shop,
    Column("customer", String, primary_key=True),
    Column("number", String, primary_key=True, index=True),
    Column("kind", String, nullable=False),
)
consents = Table(
    "consents",
    shop,
    Column("customer", String, primary_key=True),
    Column("purpose", String, primary_key=True),
    Column("is_given", Boolean, nullable=False),
)
alerts = Table(
    "alerts",
    shop,
    Column("customer", String, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("level", String, nullable=False),
    Column("text", Text, nullable=False),
)
products = Table(
    "products",
    shop,
    Column("product", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_en", String, nullable=False),
    Column("category", String, nullable=False),
    Column("price", Integer, nullable=False),
    Column("stock", Integer, nullable=False),
    Column("usage", Text, nullable=False),
    Column("usage_en", Text, nullable=False),
    Column("related", String, nullable=False),
)
pictures = Table(
    "pictures",
    shop,
    Column("picture", String, primary_key=True),
    Column("png", LargeBinary, nullable=False),
)
orders = Table(
    "orders",
    shop,
    Column("order_number", String, primary_key=True),
    Column("customer", String, nullable=False),
    Column("ordered_at", BigInteger, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("payment", String, nullable=False),
    Column("arrival_on", String, nullable=False),
    Column("address", String, nullable=False),
    Column("seller", String, nullable=False),
    Column("carrier", String, nullable=False),
    Column("tracking", String, nullable=False),
    Index("orders_of_customer", "customer", "ordered_at"),
)
order_lines = Table(
    "order_lines",
    shop,
    Column("order_number", String, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("product", String, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price", Integer, nullable=False),
)
order_steps = Table(
    "order_steps",
    shop,
    Column("order_number", String, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("code", String, nullable=False),
    Column("state", String, nullable=False),
    Column("at", BigInteger),
    Column("place", String, nullable=False),
)
cards = Table(
    "cards",
    shop,
    Column("customer", String, primary_key=True),
    Column("brand", String, primary_key=True),
    Column("last_digits", String, primary_key=True),
)
payments = Table(
    "payments",
    shop,
    Column("payment", String, primary_key=True),
    Column("customer", String, nullable=False, index=True),
    Column("order_number", String, nullable=False),
    Column("paid_at", BigInteger, nullable=False),
    Column("method", String, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("state", String, nullable=False),
)
bonus = Table(
    "bonus",
    shop,
    Column("customer", String, primary_key=True),
    Column("entry", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("points", Integer, nullable=False),
    Column("balance", Integer, nullable=False),
    Column("order_number", String, nullable=False),
    Column("expires_on", String, nullable=False),
)
inquiries = Table(
    "inquiries",
    shop,
    Column("inquiry", String, primary_key=True),
    Column("customer", String, nullable=False, index=True),
    Column("asked_at", BigInteger, nullable=False),
    Column("channel", String, nullable=False),
    Column("category", String, nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_at", BigInteger),
    Column("agent_name", String, nullable=False),
    Column("script_path", String, nullable=False),
    Column("state", String, nullable=False),
)
services = Table(
    "services",
    shop,
    Column("service", String, primary_key=True),
    Column("customer", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("product", String, nullable=False),
    Column("order_number", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("department", String, nullable=False),
    Column("due_on", String, nullable=False),
    Column("state", String, nullable=False),
    Column("done_at", BigInteger),
)
contacts = Table(
    "contacts",
    shop,
    Column("contact", Integer, primary_key=True),
    Column("customer", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("title", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("tag", String, nullable=False),
    Column("tag_level", String, nullable=False),
    Column("duration_s", Integer),
    Column("reference", String, nullable=False),
    Column("view", String, nullable=False),
    Index("contacts_of_customer", "customer", "at"),
)
cases = Table(
    "cases",
    shop,
    Column("case_number", String, primary_key=True),
    Column("customer", String, nullable=False, index=True),
    Column("opened_at", BigInteger, nullable=False),
    Column("title", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("owner", String, nullable=False),
    Column("due_on", String, nullable=False),
    Column("state", String, nullable=False),
    Column("closed_at", BigInteger),
)
