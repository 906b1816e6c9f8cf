"""The one buffer into which all packets of the process are read: one thread reads them, one after the other."""

from cti_server.media.rtp import HEADER_BYTES, PACKET_BYTES_MAX

BUFFER = bytearray(PACKET_BYTES_MAX)
VIEW = memoryview(BUFFER)
VIEWS = [VIEW[:length] for length in range(PACKET_BYTES_MAX + 1)]
"""``VIEWS[n]`` is the first n bytes: no slice is made for a packet."""
PAYLOADS = [VIEW[HEADER_BYTES : max(HEADER_BYTES, length)] for length in range(PACKET_BYTES_MAX + 1)]
"""``PAYLOADS[n]`` is the payload of a packet of n bytes with a plain header."""
