"""Every code that a server can say, with the names of its parameters; desktops have a sentence for each.

``REFUSALS`` come in replies and answers (key ``refused.<code>``), ``DENIALS`` in Denied (``denied.<code>``),
``NOTICES`` in Notice (``notice.<code>``), ``OFFER_OUTCOMES`` in OfferEnded (``offer.<outcome>``), ``EXPLAINED`` and
``SHARE_REASONS`` in what is told about the past. A code once
released keeps its meaning.
"""

REFUSALS: dict[str, tuple[str, ...]] = {
    # the desktop's door
    "not_allowed": (),
    "too_many_requests": (),
    "script_too_long": ("limit",),
    "not_found": (),
    "unknown_view": ("view",),
    "unavailable": (),
    # what is asked about the past
    "not_recorded": (),
    "too_slow": (),
    # the engine
    "overloaded": (),
    "store_unavailable": (),
    "internal_error": (),
    # the centre: agents
    "unknown_agent": ("agent",),
    "extension_taken": ("extension", "agent"),
    "not_logged_on": (),
    "phone_unregistered": ("extension",),
    "unknown_reason": ("reason",),
    "in_call": ("call",),
    # the centre: calls
    "not_your_call": ("call",),
    "not_ringing": ("call",),
    "not_connected": ("call",),
    "not_held": ("call",),
    "not_recording": ("call",),
    "bad_digits": (),
    "note_too_long": ("limit",),
    # the centre: after the call
    "disposition_required": ("call",),
    "unknown_disposition": ("code",),
    "already_disposed": ("call",),
    "not_in_after_call_work": ("call",),
    "no_extensions_left": ("limit",),
    # the centre: dialling and callbacks
    "may_not_dial": (),
    "bad_number": (),
    "number_erased": ("callback",),
    "unknown_queue": ("queue",),
    "bad_time": (),
    "too_many_callbacks": ("limit",),
    "unknown_callback": ("callback",),
    "callback_taken": ("callback",),
    "callback_over": ("callback",),
}
DENIALS: dict[str, tuple[str, ...]] = {
    "wrong_credentials": (),
    "too_many_attempts": (),
    "token_expired": (),
    "version_unsupported": ("server",),
    "elsewhere": (),
    "not_an_agent": (),
    "unavailable": (),
}
NOTICES: dict[str, tuple[str, ...]] = {
    "recording_lost": (),
    "configuration_broken": (),
    "after_call_work_ended": ("call",),
    "callback_exhausted": ("callback",),
}
OFFER_OUTCOMES = ("missed", "declined", "device_failed", "caller_gone", "answered_elsewhere", "withdrawn")


def _of(kind: str, *names: str, takes: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    return {f"{kind}.{name}": takes for name in names}


_PEOPLE = (
    "logged_off",
    "occupied",
    "after_call_work",
    "not_ready",
    "no_phone",
    "no_desktop",
    "skill",
    "named",
    "order",
    "rung",
    "full",
)
_NAMED_BY = ("asked_for", "line", "last_agent", "account_owner")
EXPLAINED: dict[str, tuple[str, ...]] = (
    # who is chosen by which rule, and how somebody stood by it
    _of("rule", "longest_idle", "even_answered", "even_talk", "lowest_occupancy", "top_down", "round_robin", "random")
    | _of("rule", "ring_all", "named", "level_first")
    | _of("window", "today", "week", "month", "log_on")
    | _of("window", "hours", takes=("hours",))
    | _of("standing", "turn_next", "turn_over", "drawn", "named", *(f"named_{by}" for by in _NAMED_BY))
    | _of("standing", "idle", takes=("since",))
    | _of("standing", "level", takes=("level",))
    | _of("standing", "answered", takes=("calls", "since"))
    | _of("standing", "talk", takes=("talk", "since"))
    | _of("standing", "occupancy", takes=("share", "since"))
    | _of("standing", "rank", takes=("rank",))
    # what kept somebody from a call, and how many it kept from it
    | _of("reason", *_PEOPLE, *(f"named_{by}" for by in _NAMED_BY))
    | _of("reason", "not_ready", takes=("reason",))
    | _of("reason", "skill", "skill_line", "skill_flow", "skill_call", takes=("skill", "has", "asked"))
    | _of("reason", "skill_language", takes=("skill", "has", "asked", "language"))
    | _of("count", *_PEOPLE, takes=("n",))
    # what happened while it waited, and what ended a run of time
    | _of("because", "wait_ceiling", "tier", "time_limit", "logged_off", "hours", "by_hand", "not_due")
    | _of("because", "nobody", "nobody_ready")
    | _of("outcome", *OFFER_OUTCOMES)
    | _of("left", "answered", "abandoned", "flowed_out", "callback")
    | _of(
        "ended",
        "call_requirement_relaxed",
        "call_requirement_changed",
        "call_delivered",
        "call_left_queue",
        "named_agent_given_up",
    )
    | _of("ended", "call_queued", "call_cleared", "agent_ready", "agent_not_ready", "agent_logged_off")
    | _of("ended", "agent_after_call_work_ended", "agents_enrolled", "settings_loaded")
    | _of("ended", "callback_queued", "callback_delivered", "callback_left_queue")
    | _of("turn", "callback_rescheduled", "callback_done", "callback_exhausted", "callback_cancelled")
)
"""Codes of ``wire.explained`` (key ``why.<code>``), with the figures that their sentences may hold. A code that is not
here is shown as it is."""
SHARE_REASONS = (
    *("within_spread", "shorter_log_in", "longer_log_in", "not_ready", "fewer_queues", "more_queues"),
    *("missed_offers", "personal", "unexplained"),
)
"""What explains a difference between people (key ``fair.why.<code>``)."""
