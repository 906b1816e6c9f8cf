"""The main database: one row a call, agent state, recording, note, callback; people; how far the projector has come.

Everything but `people` is a projection of the journal and can be made again from it. Times are microseconds UTC,
durations microseconds. No number, name or note of a customer stands here but in `personal`, by reference, so that it
can be erased. The schema is made by the migrations; a test holds both equal.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _id(name: str) -> Column[int]:
    """A number that the journal gave; the database never makes one."""
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=True)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _word(name: str) -> Column[str]:
    """A code; empty: none."""
    return Column(name, String(120), nullable=False, server_default="")


calls = Table(
    "calls",
    metadata,
    _id("call"),
    _word("direction"),
    _word("line"),
    _word("trunk"),
    _word("queue"),
    _number("agent"),
    Column("customer", String(120), nullable=True),
    _word("tier"),
    _word("language"),
    _word("verification"),
    _number("number_ref"),
    _number("display_name_ref"),
    _number("callback"),
    _number("arrived_at"),
    _number("flow_answered_at"),
    _number("queued_at"),
    _number("established_at"),
    _number("cleared_at"),
    _number("after_call_at"),
    _number("after_call_ended_at"),
    _count("waited_us"),
    _count("talk_us"),
    _count("hold_us"),
    _count("offers"),
    _count("recordings"),
    _word("cause"),
    _word("queue_exit"),
    _word("disposition"),
    _word("subcode"),
    Column("disposed_automatically", Boolean, nullable=False, server_default="0"),
    _word("reason_1"),
    _word("reason_2"),
    _word("reason_3"),
    Index(None, "arrived_at"),
    Index(None, "customer", "arrived_at"),
    Index(None, "agent", "arrived_at"),
    Index(None, "queue", "arrived_at"),
)

call_events = Table(
    "call_events",
    metadata,
    _id("seq"),
    Column("call", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    _word("kind"),
    _number("agent"),
    _word("queue"),
    _word("detail"),
    Index(None, "call", "seq"),
)
"""What happened in a call, in order: its history, and later the answer to "why?"."""

offers = Table(
    "offers",
    metadata,
    _id("seq"),
    Column("call", BigInteger, nullable=False),
    Column("agent", BigInteger, nullable=False),
    _word("queue"),
    Column("offered_at", BigInteger, nullable=False),
    _number("ended_at"),
    _word("card"),
    _word("outcome"),
    _word("reason"),
    Index(None, "agent", "offered_at"),
    Index(None, "call"),
)
"""``outcome``: answered, or the OfferOutcome; empty while it rings."""

queue_visits = Table(
    "queue_visits",
    metadata,
    _id("seq"),
    Column("call", BigInteger, nullable=False),
    _word("queue"),
    Column("entered_at", BigInteger, nullable=False),
    _number("left_at"),
    _word("how"),
    _count("waited_us"),
    Index(None, "queue", "left_at"),
    Index(None, "call"),
)

agent_states = Table(
    "agent_states",
    metadata,
    _id("seq"),
    Column("agent", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    _number("ended_at"),
    _word("mode"),
    _word("reason"),
    _word("occupation"),
    _number("call"),
    Index(None, "agent", "started_at"),
)

recordings = Table(
    "recordings",
    metadata,
    _id("recording"),
    Column("call", BigInteger, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    _number("confirmed_at"),
    _number("stored_at"),
    _word("state"),
    Column("path", String(300), nullable=False, server_default=""),
    _count("duration_ms"),
    _count("size_bytes"),
    _count("pauses"),
    _word("lost_reason"),
    _word("kind"),
    Index(None, "call"),
    Index(None, "begun_at"),
)
"""``kind``: message (what a caller left after the tone), or empty: a conversation."""

notes = Table(
    "notes",
    metadata,
    _id("call"),
    _id("agent"),
    Column("at", BigInteger, nullable=False),
    Column("note_ref", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
)
"""The newest revision of each note."""

callbacks = Table(
    "callbacks",
    metadata,
    _id("callback"),
    Column("requested_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    _word("queue"),
    Column("number_ref", BigInteger, nullable=False),
    Column("customer", String(120), nullable=True),
    _word("language"),
    _number("agent"),
    _number("call"),
    _word("state"),
    _count("attempts"),
    _number("ended_at"),
    _word("cause"),
    _word("reason"),
    _number("recording"),
    _count("message_ms"),
    Index(None, "state", "due_at"),
    Index(None, "customer", "requested_at"),
    Index(None, "recording"),
)
"""``recording``: the voice message that the caller left."""

callback_attempts = Table(
    "callback_attempts",
    metadata,
    _id("callback"),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("agent", BigInteger, nullable=False),
    Column("call", BigInteger, nullable=False),
    _word("outcome"),
    _number("ended_at"),
)

script_paths = Table(
    "script_paths",
    metadata,
    _id("call"),
    Column("item", String(120), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("agent", BigInteger, nullable=False),
    _word("library_version"),
    _word("node"),
    Column("path", Text, nullable=False),
    _number("answers_ref"),
)
"""``path``: the nodes in order, a JSON list."""

personal = Table("personal", metadata, _id("ref"), Column("value", Text, nullable=True))
"""A copy of the journal's personal texts, for reading; null: erased, in both."""

people = Table(
    "people",
    metadata,
    Column("person", Integer, primary_key=True, autoincrement=True),
    Column("login", String(60), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("password_hash", String(300), nullable=False),
    Column("roles", Text, nullable=False),
    Column("group_name", String(60), nullable=False, server_default=""),
    Column("extension", String(20), nullable=True, unique=True),
    Column("skills", Text, nullable=False),
    Column("may_dial", Boolean, nullable=False),
    Column("needs_desktop", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
"""Not a projection: kept by commands. ``roles``: a JSON list; ``skills``: a JSON object of levels."""

projection_state = Table(
    "projection_state",
    metadata,
    Column("name", String(40), primary_key=True),
    _count("applied_seq"),
    _count("applied_erasure"),
    _count("clock_offset_us"),
)

PROJECTIONS = (
    *(calls, call_events, offers, queue_visits, agent_states, recordings, notes),
    *(callbacks, callback_attempts, script_paths, personal),
)
"""What a rebuild empties and makes again."""
