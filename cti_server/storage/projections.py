"""What each event changes in the main database: pure, event in, changes out. `projector.py` carries them out.

A later event of one call finds the row that an earlier one made. Times become UTC: engine time plus the offset that the
journal itself tells. An event that changes no row stands in ``WITHOUT_ROWS``; a test sees that none is forgotten.
"""

from collections.abc import Iterator

from cti_server.core import events as e
from cti_server.core.vocabulary import PersonalRef
from cti_server.storage import agent_projections, call_projections, callback_projections
from cti_server.storage.call_history import history_line
from cti_server.storage.changes import Change, Makers, Place

PERSONAL_FIELDS = ("number", "display_name", "note", "answers")

MAKERS: Makers = {**call_projections.MAKERS, **agent_projections.MAKERS, **callback_projections.MAKERS}

WITHOUT_ROWS = frozenset(
    {
        *(e.SettingsLoaded, e.AgentsEnrolled, e.ClockOffsetChanged, e.CentreRestarted, e.CommandCarriedOut),
        *(e.InvariantBroken, e.LegAnswering, e.LegRinging, e.LegEstablished, e.LegResumeChanged),
        *(e.CallUnattended, e.CallRequirementChanged, e.CallRequirementRelaxed, e.CallReordered),
        *(e.AgentAskedFor, e.NamedAgentGivenUp, e.WaitAnnounced),
        *(e.CallbackQueued, e.CallbackLeftQueue),
        *(e.AgentModePending, e.AgentPhoneChanged, e.AgentDesktopChanged),
    }
)


def changes_of(event: e.Event, place: Place) -> Iterator[Change]:
    """In the order in which they are to be carried out."""
    yield from history_line(event, place)
    make = MAKERS.get(type(event))
    if make is not None:
        yield from make(event, place)


def personal_refs(event: e.Event) -> Iterator[PersonalRef]:
    """The personal texts that came with this event."""
    for name in PERSONAL_FIELDS:
        ref = getattr(event, name, None)
        if ref is not None:
            yield ref
