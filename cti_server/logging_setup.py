"""Log lines of every process: structured, with personal data taken out before anything else sees them (I11).

Decides what counts as personal: values under telling names, telephone numbers and other long runs of digits in texts,
and everything inside a ``Secret``. Numbers that are integers (ids of calls and agents) stay.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from cti_server.core.vocabulary import Secret

REDACTED = "[redacted]"
PERSONAL_KEYS = frozenset(
    {
        *("password", "pin", "digits", "digit", "token", "secret", "authorization", "cookie", "credentials"),
        *("number", "phone", "telephone", "caller", "callee", "display_name", "customer_name", "address_of_customer"),
        *("note", "text", "body", "answers", "email", "card", "user_password"),
    }
)
_DIGIT_RUN = re.compile(r"\+?\d(?:[ .\-]?\d){6,}")
"""Seven digits or more, also written with single spaces, dots or dashes between them."""
DEPTH_MAX = 6
TEXT_CHARACTERS_MAX = 4_000


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor that comes first."""
    return {key: _clean(key, value, 0) for key, value in event.items()}


def _clean(key: str, value: Any, depth: int) -> Any:
    if isinstance(value, Secret) or key.lower() in PERSONAL_KEYS:
        return REDACTED
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, str):
        return clean_text(value)
    if depth >= DEPTH_MAX:
        return REDACTED
    if isinstance(value, Mapping):
        return {str(k): _clean(str(k), v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(key, v, depth + 1) for v in value]
    if isinstance(value, BaseException):
        return type(value).__name__
    return clean_text(repr(value))


def clean_text(text: str) -> str:
    """A text without long runs of digits, cut to a length that a line can hold."""
    return _DIGIT_RUN.sub("[digits]", text[:TEXT_CHARACTERS_MAX])


def set_up_logging(*, level: str = "INFO", stream: TextIO | None = None, as_json: bool = True) -> None:
    """For this process: structlog and the standard library's loggers write the same lines to ``stream`` (stderr)."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Their lines hold addresses and request paths, and come for every request.
    for noisy in ("uvicorn.access", "websockets.server", "websockets.client"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
