"""The record views (basic data, orders, delivery, …): a list with detail, from the declared queries.

Decides which row an argument opens. Which views there are is declared by the centre.
"""

from collections.abc import Mapping
from typing import Any

from cti_server.core.errors import Refused
from cti_server.customers.connectors import Connector, Row
from cti_server.customers.declarations import Declarations, View
from cti_server.wire.server import ViewLoaded

NUMBER_KINDS = ("number", "money", "time")


class RecordViews:
    """Reads views. Raises Refused ``unknown_view`` and Unavailable."""

    def __init__(self, connector: Connector, declarations: Declarations) -> None:
        self._connector = connector
        self._views = {view.view: view for view in declarations.views}

    async def load(self, customer: str, name: str, arguments: Mapping[str, str], language: str) -> ViewLoaded:
        """The view with the row that ``arguments`` point at selected; arguments that it does not know are ignored."""
        view = self._views.get(name)
        if view is None:
            raise Refused("unknown_view", view=name[:40])
        found = await self._connector.fetch(f"view:{name}", customer=customer, **_language(view, language))
        wanted = {view.arguments[key]: value for key, value in arguments.items() if key in view.arguments and value}
        kept = {view.arguments[key] for key in view.keep_only} & wanted.keys()
        rows = [row for row in found if all(str(row[column]) == wanted[column] for column in kept)]
        return ViewLoaded(
            customer=customer,
            view=name,
            columns=view.columns,
            detail=view.detail,
            rows=tuple(_values(view, row) for row in rows),
            selected=_selected(rows, wanted),
        )


def _language(view: View, language: str) -> dict[str, str]:
    return {"language": language} if ":language" in view.sql else {}


def _selected(rows: list[Row], wanted: Mapping[str, str]) -> int | None:
    """The first row that agrees with all of ``wanted``; the first row when nothing was wanted."""
    for n, row in enumerate(rows):
        if all(str(row[column]) == value for column, value in wanted.items()):
            return n
    return None


def _values(view: View, row: Row) -> dict[str, str | int | float | None]:
    return {column.key: _value(column.kind, row[column.key]) for column in (*view.columns, *view.detail)}


def _value(kind: str, value: Any) -> str | int | float | None:
    if value is None:
        return None
    if kind in NUMBER_KINDS:
        return value if isinstance(value, int | float) else float(value)
    return str(value)
