"""Messages between server and desktop: one schema, versioned, used by both sides. JSON text frames.

``client.py``: what a desktop sends. ``server.py``: what it receives. ``codec.py``: bytes to messages and back, with
limits. Unknown fields are ignored (msgspec's default) and unknown facts are skipped, so one version older still works.
Times are UTC microseconds of the server's clock; durations carry their unit in the name; absent is ``None``, never 0.
"""

VERSION = 1
"""The current wire version; a server accepts this one and the one before it."""
