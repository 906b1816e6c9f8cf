"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent_states",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("agent", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.String(length=120), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=120), server_default="", nullable=False),
        sa.Column("occupation", sa.String(length=120), server_default="", nullable=False),
        sa.Column("call", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_agent_states")),
    )
    op.create_index(op.f("ix_agent_states_agent_started_at"), "agent_states", ["agent", "started_at"], unique=False)
    op.create_table(
        "call_events",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("call", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=120), server_default="", nullable=False),
        sa.Column("agent", sa.BigInteger(), nullable=True),
        sa.Column("queue", sa.String(length=120), server_default="", nullable=False),
        sa.Column("detail", sa.String(length=120), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_call_events")),
    )
    op.create_index(op.f("ix_call_events_call_seq"), "call_events", ["call", "seq"], unique=False)
    op.create_table(
        "callback_attempts",
        sa.Column("callback", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.BigInteger(), nullable=False),
        sa.Column("call", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=120), server_default="", nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("callback", "attempt", name=op.f("pk_callback_attempts")),
    )
    op.create_table(
        "callbacks",
        sa.Column("callback", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.String(length=120), server_default="", nullable=False),
        sa.Column("number_ref", sa.BigInteger(), nullable=False),
        sa.Column("customer", sa.String(length=120), nullable=True),
        sa.Column("language", sa.String(length=120), server_default="", nullable=False),
        sa.Column("agent", sa.BigInteger(), nullable=True),
        sa.Column("call", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=120), server_default="", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(length=120), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=120), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("callback", name=op.f("pk_callbacks")),
    )
    op.create_index(op.f("ix_callbacks_customer_requested_at"), "callbacks", ["customer", "requested_at"], unique=False)
    op.create_index(op.f("ix_callbacks_state_due_at"), "callbacks", ["state", "due_at"], unique=False)
    op.create_table(
        "calls",
        sa.Column("call", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("direction", sa.String(length=120), server_default="", nullable=False),
        sa.Column("line", sa.String(length=120), server_default="", nullable=False),
        sa.Column("trunk", sa.String(length=120), server_default="", nullable=False),
        sa.Column("queue", sa.String(length=120), server_default="", nullable=False),
        sa.Column("agent", sa.BigInteger(), nullable=True),
        sa.Column("customer", sa.String(length=120), nullable=True),
        sa.Column("tier", sa.String(length=120), server_default="", nullable=False),
        sa.Column("language", sa.String(length=120), server_default="", nullable=False),
        sa.Column("verification", sa.String(length=120), server_default="", nullable=False),
        sa.Column("number_ref", sa.BigInteger(), nullable=True),
        sa.Column("display_name_ref", sa.BigInteger(), nullable=True),
        sa.Column("callback", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at", sa.BigInteger(), nullable=True),
        sa.Column("flow_answered_at", sa.BigInteger(), nullable=True),
        sa.Column("queued_at", sa.BigInteger(), nullable=True),
        sa.Column("established_at", sa.BigInteger(), nullable=True),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.Column("after_call_at", sa.BigInteger(), nullable=True),
        sa.Column("after_call_ended_at", sa.BigInteger(), nullable=True),
        sa.Column("waited_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("talk_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hold_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("offers", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("recordings", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cause", sa.String(length=120), server_default="", nullable=False),
        sa.Column("queue_exit", sa.String(length=120), server_default="", nullable=False),
        sa.Column("disposition", sa.String(length=120), server_default="", nullable=False),
        sa.Column("subcode", sa.String(length=120), server_default="", nullable=False),
        sa.Column("disposed_automatically", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("reason_1", sa.String(length=120), server_default="", nullable=False),
        sa.Column("reason_2", sa.String(length=120), server_default="", nullable=False),
        sa.Column("reason_3", sa.String(length=120), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("call", name=op.f("pk_calls")),
    )
    op.create_index(op.f("ix_calls_agent_arrived_at"), "calls", ["agent", "arrived_at"], unique=False)
    op.create_index(op.f("ix_calls_arrived_at"), "calls", ["arrived_at"], unique=False)
    op.create_index(op.f("ix_calls_customer_arrived_at"), "calls", ["customer", "arrived_at"], unique=False)
    op.create_index(op.f("ix_calls_queue_arrived_at"), "calls", ["queue", "arrived_at"], unique=False)
    op.create_table(
        "notes",
        sa.Column("call", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("agent", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note_ref", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("call", "agent", name=op.f("pk_notes")),
    )
    op.create_table(
        "offers",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("call", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.String(length=120), server_default="", nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("card", sa.String(length=120), server_default="", nullable=False),
        sa.Column("outcome", sa.String(length=120), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=120), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_offers")),
    )
    op.create_index(op.f("ix_offers_agent_offered_at"), "offers", ["agent", "offered_at"], unique=False)
    op.create_index(op.f("ix_offers_call"), "offers", ["call"], unique=False)
    op.create_table(
        "people",
        sa.Column("person", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("group_name", sa.String(length=60), server_default="", nullable=False),
        sa.Column("extension", sa.String(length=20), nullable=True),
        sa.Column("skills", sa.Text(), nullable=False),
        sa.Column("may_dial", sa.Boolean(), nullable=False),
        sa.Column("needs_desktop", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_people")),
        sa.UniqueConstraint("extension", name=op.f("uq_people_extension")),
        sa.UniqueConstraint("login", name=op.f("uq_people_login")),
    )
    op.create_table(
        "personal",
        sa.Column("ref", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_personal")),
    )
    op.create_table(
        "projection_state",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("applied_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("applied_erasure", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("clock_offset_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_projection_state")),
    )
    op.create_table(
        "queue_visits",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("call", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.String(length=120), server_default="", nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("how", sa.String(length=120), server_default="", nullable=False),
        sa.Column("waited_us", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_queue_visits")),
    )
    op.create_index(op.f("ix_queue_visits_call"), "queue_visits", ["call"], unique=False)
    op.create_index(op.f("ix_queue_visits_queue_left_at"), "queue_visits", ["queue", "left_at"], unique=False)
    op.create_table(
        "recordings",
        sa.Column("recording", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("call", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("stored_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=120), server_default="", nullable=False),
        sa.Column("path", sa.String(length=300), server_default="", nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pauses", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lost_reason", sa.String(length=120), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("recording", name=op.f("pk_recordings")),
    )
    op.create_index(op.f("ix_recordings_begun_at"), "recordings", ["begun_at"], unique=False)
    op.create_index(op.f("ix_recordings_call"), "recordings", ["call"], unique=False)
    op.create_table(
        "script_paths",
        sa.Column("call", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item", sa.String(length=120), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.BigInteger(), nullable=False),
        sa.Column("library_version", sa.String(length=120), server_default="", nullable=False),
        sa.Column("node", sa.String(length=120), server_default="", nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("answers_ref", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("call", "item", name=op.f("pk_script_paths")),
    )


def downgrade() -> None:
    op.drop_table("script_paths")
    op.drop_index(op.f("ix_recordings_call"), table_name="recordings")
    op.drop_index(op.f("ix_recordings_begun_at"), table_name="recordings")
    op.drop_table("recordings")
    op.drop_index(op.f("ix_queue_visits_queue_left_at"), table_name="queue_visits")
    op.drop_index(op.f("ix_queue_visits_call"), table_name="queue_visits")
    op.drop_table("queue_visits")
    op.drop_table("projection_state")
    op.drop_table("personal")
    op.drop_table("people")
    op.drop_index(op.f("ix_offers_call"), table_name="offers")
    op.drop_index(op.f("ix_offers_agent_offered_at"), table_name="offers")
    op.drop_table("offers")
    op.drop_table("notes")
    op.drop_index(op.f("ix_calls_queue_arrived_at"), table_name="calls")
    op.drop_index(op.f("ix_calls_customer_arrived_at"), table_name="calls")
    op.drop_index(op.f("ix_calls_arrived_at"), table_name="calls")
    op.drop_index(op.f("ix_calls_agent_arrived_at"), table_name="calls")
    op.drop_table("calls")
    op.drop_index(op.f("ix_callbacks_state_due_at"), table_name="callbacks")
    op.drop_index(op.f("ix_callbacks_customer_requested_at"), table_name="callbacks")
    op.drop_table("callbacks")
    op.drop_table("callback_attempts")
    op.drop_index(op.f("ix_call_events_call_seq"), table_name="call_events")
    op.drop_table("call_events")
    op.drop_index(op.f("ix_agent_states_agent_started_at"), table_name="agent_states")
    op.drop_table("agent_states")
