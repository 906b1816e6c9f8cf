"""What a centre's text files say: read, checked as a whole, and turned into what the core and the server take.

    configuration = read(data)            # DataErrors: everything that is wrong, with file, line and hint
    configuration.centre, .server, .flows, .prompts, .library, .dispositions

It decides what may be written; what it means for a call is decided in the core, what it means for a socket by the
adapters.
"""

from cti_server.config.places import DEFAULT_FILE, config_file, secret, write_defaults
from cti_server.config.reading import check, offset_s, read
from cti_server.config.schema import (
    AddressText,
    Configuration,
    MediaText,
    ServerSettings,
    SipText,
    TrunkSettings,
    WebText,
)

__all__ = [
    "DEFAULT_FILE",
    "AddressText",
    "Configuration",
    "MediaText",
    "ServerSettings",
    "SipText",
    "TrunkSettings",
    "WebText",
    "check",
    "config_file",
    "offset_s",
    "read",
    "secret",
    "write_defaults",
]
