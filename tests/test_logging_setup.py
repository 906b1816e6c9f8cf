"""No personal data in logs (I11): redaction comes before anything is written, for our lines and for libraries'."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from cti_server.core.vocabulary import Secret
from cti_server.logging_setup import REDACTED, clean_text, redact, set_up_logging


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a process writes after ``set_up_logging``."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging(stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    "text",
    [
        "call from 01023456789",
        "call from 010-2345-6789.",
        "call from +82 10 2345 6789",
        "sip:01023456789@10.0.0.1",
        "card 4111 1111 1111 1207",
        "880101-1234567",
    ],
)
def test_long_runs_of_digits_are_taken_out_of_texts(text: str) -> None:
    cleaned = clean_text(text)
    assert "[digits]" in cleaned
    assert not any(part in cleaned for part in ("2345", "4111", "1234567"))


@pytest.mark.parametrize("text", ["port 5060", "took 12.5 ms", "2026-11", "extension 2003", "SIP/2.0 486"])
def test_short_numbers_stay(text: str) -> None:
    assert clean_text(text) == text


def test_values_under_telling_names_and_secrets_are_taken_out_at_any_depth() -> None:
    event = redact(
        None,
        "info",
        {
            "event": "x",
            "password": "hunter2",
            "Number": "2003",
            "inner": {"pin": "1234", "list": [Secret("4711"), "010-2345-6789", 7]},
            "digits": Secret("1234"),
            "call": 9007199254740993,
            "error": ValueError("the caller 01023456789"),
        },
    )
    assert event["password"] == event["Number"] == event["digits"] == REDACTED
    assert event["inner"] == {"pin": REDACTED, "list": [REDACTED, "[digits]", 7]}
    assert event["call"] == 9007199254740993
    assert event["error"] == "ValueError"


def test_our_lines_are_written_redacted_with_level_and_time(lines: io.StringIO) -> None:
    structlog.get_logger("x").warning("no_answer of 010-2345-6789", number="01023456789", call=7)
    (line,) = written(lines)
    assert line["event"] == "no_answer of [digits]"
    assert (line["number"], line["call"], line["level"]) == (REDACTED, 7, "warning")
    assert line["timestamp"].endswith("Z")


def test_libraries_lines_are_redacted_too(lines: io.StringIO) -> None:
    logging.getLogger("websockets.server").warning("peer said %s", "my number is 01023456789")
    (line,) = written(lines)
    assert line["event"] == "peer said my number is [digits]"


def test_what_an_exception_says_is_redacted(lines: io.StringIO) -> None:
    try:
        raise RuntimeError("customer 01023456789 with PIN")
    except RuntimeError:
        structlog.get_logger("x").exception("failed")
        logging.getLogger("library").exception("failed too")
    assert len(written(lines)) == 2
    assert "01023456789" not in lines.getvalue()
    assert "RuntimeError" in lines.getvalue()


def test_requests_and_handshakes_are_not_logged_one_by_one(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info("GET /api/calls?customer=C-1")
    logging.getLogger("websockets.server").info("connection open")
    assert lines.getvalue() == ""
