"""From published events to facts: who has to hear of what, and only what is new to them.

Each client is told the whole new view of its agent, its call and the callbacks that it may dial. The number of a fact
grows with every fact of this process; a snapshot names the last one that it contains.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from cti_server.core import events as e
from cti_server.core.entities import Agent, State
from cti_server.core.vocabulary import AgentId, CallbackId, CallId
from cti_server.customers.numbers import display
from cti_server.gateway import translate
from cti_server.gateway.push import Outbox
from cti_server.gateway.rights import ADMINISTRATOR, SUPERVISOR
from cti_server.gateway.sessions import Session
from cti_server.ports import Recorded
from cti_server.wire.codec import encode
from cti_server.wire.server import (
    AgentChanged,
    AgentView,
    CallbackChanged,
    CallbackView,
    CallChanged,
    CallGone,
    CallView,
    FactBody,
    FactFrame,
    Notice,
    OfferEnded,
    Parameters,
    Snapshot,
)

EVERYBODY = (e.SettingsLoaded, e.AgentsEnrolled, e.ClockOffsetChanged, e.CentreRestarted)
"""After these every view may have changed."""


@dataclass(slots=True, eq=False)
class Client:
    """One desktop, and what it was told last."""

    session: Session
    outbox: Outbox
    agent_view: AgentView | None = None
    call_view: CallView | None = None
    callbacks: dict[CallbackId, CallbackView] = field(default_factory=dict)
    commands_under_way: int = 0
    asks_under_way: int = 0

    @property
    def agent(self) -> AgentId:
        return self.session.agent


RESPONSIBLE = frozenset({SUPERVISOR, ADMINISTRATOR})
CardWanted = Callable[[Client], None]
"""The call on the client's screen got another customer: the card must be filled again."""


class Watchers:
    """The clients that are told facts, by agent."""

    def __init__(self, *, card_wanted: CardWanted, name_of: Callable[[str], str]) -> None:
        self.clients: dict[AgentId, Client] = {}
        self._card_wanted = card_wanted
        self._name_of = name_of
        self._told: dict[CallId, dict[AgentId, None]] = {}
        self._seq = 0

    def attach(self, client: Client, state: State, now: int) -> Snapshot:
        """From here on ``client`` hears facts; the snapshot is what it must know before. Called between two batches."""
        agent = state.agents[client.agent]
        client.agent_view = translate.agent_view(state, agent)
        client.call_view = translate.call_view(state, agent)
        client.callbacks = {
            c.callback: self._callback_view(state, c.callback) for c in translate.waiting_callbacks(state, agent)
        }
        self.clients[client.agent] = client
        self._remember(client, None)
        return Snapshot(
            seq=self._seq,
            at=translate.utc(state, now),
            agent=client.agent_view,
            call=client.call_view,
            callbacks=tuple(client.callbacks.values()),
        )

    def tell_of_configuration(self, client: Client, at: int) -> None:
        """That its files are broken: to those who care for the centre, because nobody else can do anything about it."""
        if not RESPONSIBLE.isdisjoint(client.session.person.roles):
            self._tell(client.agent, Notice(code="configuration_broken", level="alarm"), at)

    def find(self, agent: int) -> Client | None:
        """The agent's desktop, if it is signed in."""
        return self.clients.get(AgentId(agent))

    def detach(self, client: Client) -> bool:
        """False: another client has taken its place already."""
        if self.clients.get(client.agent) is not client:
            return False
        del self.clients[client.agent]
        self._forget(client.agent, client.call_view)
        return True

    def _remember(self, client: Client, before: CallView | None) -> None:
        """Who was told last of which call: several, where it rings at several."""
        self._forget(client.agent, before)
        if client.call_view is not None:
            self._told.setdefault(CallId(client.call_view.call), {})[client.agent] = None

    def _forget(self, agent: AgentId, view: CallView | None) -> None:
        if view is not None and (told := self._told.get(CallId(view.call))) is not None:
            told.pop(agent, None)
            if not told:
                del self._told[CallId(view.call)]

    def publish(self, recorded: Sequence[Recorded], state: State) -> None:
        """Tell everybody concerned what these events changed."""
        if not self.clients:
            return
        touched: dict[AgentId, None] = {}
        callbacks: dict[CallbackId, None] = {}
        for item in recorded:
            touched.update(dict.fromkeys(self._concerned(item.event, state)))
            self._tell_news(item.event, state)
            callback = getattr(item.event, "callback", None)
            if callback is not None:
                callbacks[callback] = None
            elif isinstance(item.event, e.SettingsLoaded):  # who dials them may be another now
                callbacks.update(dict.fromkeys(state.callbacks))
        at = translate.utc(state, recorded[-1].event.at) if recorded else 0
        for agent in touched:
            client = self.clients.get(agent)
            if client is not None and agent in state.agents:
                self._tell_views(client, state, state.agents[agent], at)
        for callback in callbacks:
            self._tell_callback(callback, state, at)

    def _concerned(self, event: e.Event, state: State) -> Iterable[AgentId]:
        if isinstance(event, EVERYBODY):
            return tuple(self.clients)
        found = []
        if (agent := getattr(event, "agent", None)) is not None:
            found.append(agent)
        if (call_id := getattr(event, "call", None)) is not None:
            found += self._owners(call_id, state)
        return found

    def _owners(self, call_id: CallId, state: State) -> list[AgentId]:
        """Whoever has the call now or is offered it, and whoever was told of it last."""
        call = state.calls.get(call_id)
        now = dict.fromkeys(call.parties) if call is not None else {}
        return list({**now, **self._told.get(call_id, {})})

    # --- single facts ------------------------------------------------------------------------------------------------

    def _tell_news(self, event: e.Event, state: State) -> None:
        """What is not a view: how an offer ended, and notices."""
        match event:
            case e.OfferEnded(agent=agent, call=call, outcome=outcome):
                number = self._number_of(agent, call, state)
                self._tell(agent, OfferEnded(call=call, outcome=outcome, number=number), translate.utc(state, event.at))
            case e.RecordingLost(call=call):
                for agent in self._owners(call, state):
                    self._notice(agent, state, event, code="recording_lost", level="warning")
            case e.AgentAfterCallWorkEnded(agent=agent, call=call, timed_out=True):
                self._notice(agent, state, event, code="after_call_work_ended", level="info", call=call)
            case e.CallbackExhausted(callback=callback) if callback in state.callbacks:
                for named in (state.callbacks[callback].agent, state.callbacks[callback].dialled_by):
                    if named is not None:
                        self._notice(named, state, event, code="callback_exhausted", level="warning", callback=callback)
            case _:
                pass

    def _number_of(self, agent: AgentId, call_id: CallId, state: State) -> str:
        client = self.clients.get(agent)
        if client is not None and client.call_view is not None and client.call_view.call == call_id:
            return client.call_view.number
        call = state.calls.get(call_id)
        return display(translate.text_of(state, call.number)) if call is not None else ""

    def _notice(self, agent: AgentId, state: State, event: e.Event, *, code: str, level: str, **more: int) -> None:
        parameters: Parameters = dict(more)
        self._tell(agent, Notice(code=code, level=level, parameters=parameters), translate.utc(state, event.at))

    def _tell_views(self, client: Client, state: State, agent: Agent, at: int) -> None:
        before, call_view = client.call_view, translate.call_view(state, agent)
        client.call_view = call_view
        self._remember(client, before)
        if before is not None and (call_view is None or call_view.call != before.call):
            self._tell(client.agent, CallGone(call=before.call), at)
        if call_view is not None and call_view != before:
            self._tell(client.agent, CallChanged(call=call_view), at)
        view = translate.agent_view(state, agent)
        if view != client.agent_view:
            client.agent_view = view
            self._tell(client.agent, AgentChanged(agent=view), at)
        if before is None or call_view is None or before.call != call_view.call:
            return
        if before.customer != call_view.customer:
            self._card_wanted(client)

    def _tell_callback(self, callback_id: CallbackId, state: State, at: int) -> None:
        callback = state.callbacks.get(callback_id)
        if callback is None:
            return
        view = self._callback_view(state, callback_id)
        for client in tuple(self.clients.values()):
            agent = state.agents.get(client.agent)
            is_for_me = agent is not None and translate.may_dial_callback(
                state, agent, (callback.queue, callback.agent)
            )
            if (is_for_me or callback_id in client.callbacks) and client.callbacks.get(callback_id) != view:
                client.callbacks[callback_id] = view
                self._tell(client.agent, CallbackChanged(callback=view), at)

    def _callback_view(self, state: State, callback_id: CallbackId) -> CallbackView:
        callback = state.callbacks[callback_id]
        name = self._name_of(callback.customer) if callback.customer else ""
        return translate.callback_view(state, callback, name)

    def _tell(self, agent: AgentId, body: FactBody, at: int) -> None:
        client = self.clients.get(agent)
        if client is None:
            return
        self._seq += 1
        client.outbox.put(encode(FactFrame(seq=self._seq, at=at, body=body)))
