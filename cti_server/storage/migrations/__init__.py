"""The schema's history (alembic). Each step runs beside the previous release's code; none is ever changed again."""
