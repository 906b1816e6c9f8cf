"""Voice messages: which recordings are some, and the callbacks that carry them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("kind", sa.String(length=120), server_default="", nullable=False))
    op.add_column("callbacks", sa.Column("recording", sa.BigInteger(), nullable=True))
    op.add_column("callbacks", sa.Column("message_ms", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(op.f("ix_callbacks_recording"), "callbacks", ["recording"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_callbacks_recording"), table_name="callbacks")
    op.drop_column("callbacks", "message_ms")
    op.drop_column("callbacks", "recording")
    op.drop_column("recordings", "kind")
