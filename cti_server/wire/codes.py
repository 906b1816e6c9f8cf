"""Every code that a server can say, with the names of its parameters; desktops have a sentence for each.

``REFUSALS`` come in replies and answers (key ``refused.<code>``), ``DENIALS`` in Denied (``denied.<code>``),
``NOTICES`` in Notice (``notice.<code>``), ``OFFER_OUTCOMES`` in OfferEnded (``offer.<outcome>``). A code once
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
    "after_call_work_ended": ("call",),
    "callback_exhausted": ("callback",),
}
OFFER_OUTCOMES = ("missed", "declined", "device_failed", "caller_gone", "answered_elsewhere", "withdrawn")
