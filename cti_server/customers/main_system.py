"""A main system as the gateway uses it: one connector and everything that reads through it."""

from dataclasses import dataclass
from pathlib import Path

from cti_server.customers.cards import CustomerCards
from cti_server.customers.connectors import Connector, ConnectorLimits, SqlConnector
from cti_server.customers.declarations import SHOP_FILE, Declarations, load_declarations
from cti_server.customers.directory import Directory
from cti_server.customers.placeholders import ScriptValues
from cti_server.customers.timeline import CustomerTimeline
from cti_server.customers.views import RecordViews


@dataclass(frozen=True, slots=True)
class MainSystem:
    """Everything that is read from one main system."""

    connector: Connector
    declarations: Declarations
    directory: Directory
    cards: CustomerCards
    timeline: CustomerTimeline
    views: RecordViews
    values: ScriptValues


def read_main_system(connector: Connector, declarations: Declarations) -> MainSystem:
    """The readers around a connector."""
    cards = CustomerCards(connector, declarations)
    return MainSystem(
        connector=connector,
        declarations=declarations,
        directory=Directory(connector),
        cards=cards,
        timeline=CustomerTimeline(connector, cards),
        views=RecordViews(connector, declarations),
        values=ScriptValues(connector, cards, declarations),
    )


def open_main_system(url: str, file: Path = SHOP_FILE, *, limits: ConnectorLimits | None = None) -> MainSystem:
    """A main system behind a database URL, read as ``file`` declares. Raises DataError for a wrong file."""
    declarations = load_declarations(file)
    return read_main_system(SqlConnector(url, declarations.connector_queries(), limits=limits), declarations)
