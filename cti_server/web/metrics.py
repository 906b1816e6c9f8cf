"""Figures for Prometheus (text format 0.0.4), from the main database and the credential service."""

from collections.abc import Iterable, Mapping

from cti_server.storage.answers import Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Samples = Mapping[str, int]


def metrics_text(
    totals: Totals,
    *,
    applied_seq: int,
    credentials_waiting: int,
    messages_waiting: Mapping[str, int],
    is_configuration_broken: bool = False,
) -> str:
    """All figures, one family after the other."""
    families = [
        _family("ieum_calls_total", "Calls that reached or left us.", "counter", {"": totals.calls}),
        _family("ieum_calls_cleared_total", "Calls that ended, by cause.", "counter", totals.by_cause, "cause"),
        _family("ieum_conversations_total", "Calls with an agent.", "counter", {"": totals.conversations}),
        _family("ieum_queue_exits_total", "Ways out of a queue.", "counter", totals.by_queue_exit, "how"),
        _family("ieum_offers_total", "Offers to agents, by outcome.", "counter", totals.by_offer, "outcome"),
        _family("ieum_callbacks", "Callbacks, by state.", "gauge", totals.by_callback_state, "state"),
        _family("ieum_messages_waiting", "Voice messages not dealt with.", "gauge", messages_waiting, "queue"),
        _family("ieum_recordings_stored_total", "Recordings kept.", "counter", {"": totals.recordings_stored}),
        _family("ieum_projection_seq", "Newest event in the main database.", "gauge", {"": applied_seq}),
        _family("ieum_credential_checks_waiting", "Checks that wait.", "gauge", {"": credentials_waiting}),
        _family(
            "ieum_configuration_broken",
            "1 while the configuration's files cannot be used and the last good one is in force.",
            "gauge",
            {"": int(is_configuration_broken)},
        ),
    ]
    return "".join(families)


def _family(name: str, text: str, kind: str, samples: Samples, label: str = "") -> str:
    return "\n".join([f"# HELP {name} {text}", f"# TYPE {name} {kind}", *_lines(name, samples, label)]) + "\n"


def _lines(name: str, samples: Samples, label: str) -> Iterable[str]:
    for value, number in sorted(samples.items()):
        labels = f'{{{label}="{_escaped(value)}"}}' if label else ""
        yield f"{name}{labels} {number}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
