"""How events of earlier releases become today's; the only place that knows old forms.

Names are never reused and fields are only added with defaults, so most changes need nothing here. Where an event got a
new name, or a field moved, one function takes the raw JSON object of the old form and returns that of the new one. An
entry is never removed: journals are kept for ever. ``tests/golden/journal`` holds a journal of each release.
"""

from collections.abc import Callable, Mapping
from typing import Any

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: Mapping[str, Upcaster] = {}
"""By the kind as it stands in the journal. Release 0.1 is the first: nothing is older than it."""
