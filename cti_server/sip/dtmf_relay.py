"""Digits in SIP INFO bodies: application/dtmf-relay and application/dtmf. Decides only what a digit is."""

from __future__ import annotations

DIGITS = frozenset("0123456789*#ABCD")
CONTENT_TYPE = "application/dtmf-relay"
_DURATION_MS_MAX = 60_000


def digits_body(digit: str, *, duration_ms: int = 160) -> bytes:
    """Body of an application/dtmf-relay INFO."""
    return f"Signal={digit}\r\nDuration={duration_ms}\r\n".encode("ascii")


def parse_digit(content_type: str, body: bytes) -> tuple[str, int] | None:
    """(digit, duration in ms; 0 if not said), or None if the body is no digit."""
    if len(body) > 256:
        return None
    text = body.decode("ascii", "replace")
    if content_type == "application/dtmf":
        return _known(text.strip(), 0)
    if content_type != CONTENT_TYPE:
        return None
    fields = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator:
            fields[name.strip().lower()] = value.strip()
    duration = fields.get("duration", "")
    known_ms = int(duration) if duration.isascii() and duration.isdigit() and len(duration) <= 5 else 0
    return _known(fields.get("signal", ""), min(known_ms, _DURATION_MS_MAX))


def _known(signal: str, duration_ms: int) -> tuple[str, int] | None:
    digit = {"10": "*", "11": "#"}.get(signal, signal.upper())
    return (digit, duration_ms) if digit in DIGITS else None
