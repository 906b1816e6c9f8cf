"""Facts about calls, agents, queues and callbacks, in CSTA words: the journal's content and the only way state changes.

Rules: names are never reused; fields are only added, with defaults; a new meaning gets a new name. No event holds
personal text: numbers, names and notes are ``PersonalRef``, digits and PINs are nowhere. Every event carries what
state needs (deadlines, order keys), so that folding needs no configuration and no clock. Times are engine microseconds.
"""

from cti_server.core.events.agents import (
    AgentAfterCallWorkEnded,
    AgentDesktopChanged,
    AgentEvent,
    AgentLoggedOff,
    AgentLoggedOn,
    AgentModePending,
    AgentNotReady,
    AgentPhoneChanged,
    AgentReady,
    AgentWorkingAfterCall,
)
from cti_server.core.events.arrivals import (
    CallAnsweredByFlow,
    CallArrived,
    CallerVerified,
    CallInitiated,
    CallLanguageSet,
    CustomerAssigned,
    CustomerMatched,
    FlowMoved,
    PinRefused,
)
from cti_server.core.events.base import NO_CALL, CallEvent, Event, Foretold, OrderKey
from cti_server.core.events.callbacks import (
    CallbackAttempted,
    CallbackCancelled,
    CallbackDone,
    CallbackEvent,
    CallbackExhausted,
    CallbackLeftQueue,
    CallbackQueued,
    CallbackRequested,
    CallbackRescheduled,
    CallbackSettled,
)
from cti_server.core.events.centre import (
    AgentsEnrolled,
    CentreRestarted,
    ClockOffsetChanged,
    CommandCarriedOut,
    InvariantBroken,
    SettingsLoaded,
)
from cti_server.core.events.queueing import (
    AgentAskedFor,
    CallbackDelivered,
    CallDelivered,
    CallLeftQueue,
    CallQueued,
    CallReordered,
    CallRequirementChanged,
    CallRequirementRelaxed,
    CallUnattended,
    Delivered,
    LegAnswering,
    LegEstablished,
    LegPlaced,
    LegReleased,
    LegResumeChanged,
    LegRinging,
    NamedAgentGivenUp,
    OfferEnded,
    WaitAnnounced,
)
from cti_server.core.events.talks import (
    CallCleared,
    CallDisposed,
    CallEstablished,
    CallForwarded,
    CallHeld,
    CallMuted,
    CallRetrieved,
    ContactReasonSet,
    MessageBegun,
    MessageEnded,
    NoteTaken,
    RecordingBegun,
    RecordingConfirmed,
    RecordingLost,
    RecordingPaused,
    RecordingResumed,
    RecordingStored,
    ScriptFollowed,
)

__all__ = [
    "NO_CALL",
    "AgentAfterCallWorkEnded",
    "AgentAskedFor",
    "AgentDesktopChanged",
    "AgentEvent",
    "AgentLoggedOff",
    "AgentLoggedOn",
    "AgentModePending",
    "AgentNotReady",
    "AgentPhoneChanged",
    "AgentReady",
    "AgentWorkingAfterCall",
    "AgentsEnrolled",
    "AnyEvent",
    "CallAnsweredByFlow",
    "CallArrived",
    "CallCleared",
    "CallDelivered",
    "CallDisposed",
    "CallEstablished",
    "CallEvent",
    "CallForwarded",
    "CallHeld",
    "CallInitiated",
    "CallLanguageSet",
    "CallLeftQueue",
    "CallMuted",
    "CallQueued",
    "CallReordered",
    "CallRequirementChanged",
    "CallRequirementRelaxed",
    "CallRetrieved",
    "CallUnattended",
    "CallbackAttempted",
    "CallbackCancelled",
    "CallbackDelivered",
    "CallbackDone",
    "CallbackEvent",
    "CallbackExhausted",
    "CallbackLeftQueue",
    "CallbackQueued",
    "CallbackRequested",
    "CallbackRescheduled",
    "CallbackSettled",
    "CallerVerified",
    "CentreRestarted",
    "ClockOffsetChanged",
    "CommandCarriedOut",
    "ContactReasonSet",
    "CustomerAssigned",
    "CustomerMatched",
    "Delivered",
    "Event",
    "FlowMoved",
    "Foretold",
    "InvariantBroken",
    "LegAnswering",
    "LegEstablished",
    "LegPlaced",
    "LegReleased",
    "LegResumeChanged",
    "LegRinging",
    "MessageBegun",
    "MessageEnded",
    "NamedAgentGivenUp",
    "NoteTaken",
    "OfferEnded",
    "OrderKey",
    "PinRefused",
    "RecordingBegun",
    "RecordingConfirmed",
    "RecordingLost",
    "RecordingPaused",
    "RecordingResumed",
    "RecordingStored",
    "ScriptFollowed",
    "SettingsLoaded",
    "WaitAnnounced",
]

AnyEvent = (
    SettingsLoaded
    | AgentsEnrolled
    | ClockOffsetChanged
    | CentreRestarted
    | CommandCarriedOut
    | InvariantBroken
    | CallArrived
    | CallInitiated
    | CallAnsweredByFlow
    | FlowMoved
    | CallLanguageSet
    | CustomerMatched
    | CustomerAssigned
    | CallerVerified
    | PinRefused
    | CallQueued
    | CallUnattended
    | CallRequirementChanged
    | CallRequirementRelaxed
    | CallReordered
    | AgentAskedFor
    | NamedAgentGivenUp
    | WaitAnnounced
    | CallDelivered
    | CallbackDelivered
    | LegPlaced
    | LegAnswering
    | LegRinging
    | LegEstablished
    | LegResumeChanged
    | LegReleased
    | OfferEnded
    | CallLeftQueue
    | CallEstablished
    | CallForwarded
    | CallHeld
    | CallRetrieved
    | CallMuted
    | RecordingBegun
    | RecordingConfirmed
    | RecordingPaused
    | RecordingResumed
    | RecordingStored
    | RecordingLost
    | MessageBegun
    | MessageEnded
    | NoteTaken
    | ScriptFollowed
    | ContactReasonSet
    | CallDisposed
    | CallCleared
    | AgentLoggedOn
    | AgentLoggedOff
    | AgentReady
    | AgentNotReady
    | AgentModePending
    | AgentWorkingAfterCall
    | AgentAfterCallWorkEnded
    | AgentPhoneChanged
    | AgentDesktopChanged
    | CallbackRequested
    | CallbackQueued
    | CallbackLeftQueue
    | CallbackAttempted
    | CallbackDone
    | CallbackRescheduled
    | CallbackExhausted
    | CallbackSettled
    | CallbackCancelled
)
"""Every event there is; the journal decodes by its tag."""
