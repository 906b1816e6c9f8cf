"""The simulation is tried itself: mistakes are planted into a copy of the Centre's source, and must be caught.

A plant is one change of one file. Where the text to be changed is gone, the plant is out of date and the test says so.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared_data import ROOT

SEEDS = 150
COPIED = ("cti_server/core", "cti_server/sim", "ivr", "datafiles")
Plant = tuple[str, str, str, str]
PLANTS: tuple[Plant, ...] = (
    (
        "a caller waits for somebody by name for longer than the queue says",
        "queues.py",
        "step.after(s=settings.named_wait_s)",
        "step.after(s=600)",
    ),
    (
        "who did not answer is waited for once more",
        "queues.py",
        "            returned=True,\n",
        "            returned=True,\n            named=call.named,\n            named_until=call.named_until,\n",
    ),
    ("a missed call is forgotten", "offers.py", "        queues.put_back(step, call)\n", "        pass\n"),
    (
        "the others ring on when one has answered",
        "legs.py",
        "    offers.answered(step, call, leg)\n",
        "",
    ),
    (
        "who was not the first to answer has missed the call",
        "offers.py",
        "    OfferOutcome.MISSED: NotReadyReason.MISSED_CALL,\n",
        "    OfferOutcome.MISSED: NotReadyReason.MISSED_CALL,\n"
        "    OfferOutcome.ANSWERED_ELSEWHERE: NotReadyReason.MISSED_CALL,\n",
    ),
    (
        "one who declines takes the call from all whom it rings at",
        "offers.py",
        "    elif not call.parties and outcome is not OfferOutcome.CALLER_GONE:\n",
        "    elif outcome not in (OfferOutcome.CALLER_GONE, OfferOutcome.ANSWERED_ELSEWHERE):\n",
    ),
    (
        "what a call asks for by itself is forgotten",
        "skills.py",
        "    levels = highest({settings.queue: settings.minimum_level, **settings.requires}, asks)\n",
        "    levels = highest({settings.queue: settings.minimum_level, **settings.requires})\n",
    ),
    (
        "callers are left waiting when the last one who could serve them goes",
        "index.py",
        "            if line.must_be_attended:\n",
        "            if line.must_be_attended and is_on > 0:\n",
    ),
    (
        "a call rings at more phones than it may",
        "index.py",
        " and len(call.parties) < line.settings.ring_all_max",
        "",
    ),
    (
        "who becomes free while it rings is not asked",
        "strategies.py",
        "    return call.phase in OFFERED and",
        "    return call.phase is OFFERED[0] and",
    ),
    (
        "an answered call goes on ringing at others",
        "strategies.py",
        " and call.named is None and not call.is_answered\n",
        " and call.named is None\n",
    ),
    (
        "a blameless agent loses the place among the idle",
        "offers.py",
        "idle_since=agent.idle_since, not_ready",
        "idle_since=step.now, not_ready",
    ),
    (
        "the phone rings whenever a card is shown",
        "offers.py",
        "    if call.parties[agent.agent].release_at is not None:\n        _ring(step, call, agent, CardOutcome.SHOWN)",
        "    _ring(step, call, agent, CardOutcome.SHOWN)",
    ),
    (
        "legs are forgotten and not let go",
        "calls.py",
        "    step.order(ReleaseLeg(call=call.call, n=step.n(call.call), leg=leg, cause=cause))\n",
        "",
    ),
    (
        "no after-call work",
        "calls.py",
        "        _begin_after_call_work(step, agent, call)\n",
        "        pass\n",
    ),
    ("an attempt is not counted", "callbacks.py", "attempt=callback.attempts + 1", "attempt=callback.attempts"),
    (
        "somebody is called back while still on the line",
        "callback_turns.py",
        "    return call is not None and call.phase is not CallPhase.CLEARED\n",
        "    return False\n",
    ),
    (
        "a callback goes to the end of its queue",
        "callback_turns.py",
        "        key=callback.key,\n",
        "        key=e.OrderKey(rank=0, due_at=step.now, sequence=callback.key.sequence),\n",
    ),
    (
        "a callback that comes due is forgotten",
        "callback_turns.py",
        "    return due_at if due_at > now else max(now, _opens_at(state, max(due_at, now)))\n",
        "    return None\n",
    ),
    (
        "callbacks are dialled in the night",
        "callback_turns.py",
        "    return None if _opens_at(step.state, step.now) <= step.now else CallbackPause.HOURS\n",
        "    return None\n",
    ),
    (
        "a failed attempt leaves its callback dialling",
        "callbacks.py",
        "    if callback is None or callback.dialling != call.call:\n        return\n",
        "    return\n",
    ),
    (
        "offers outlive a restart",
        "restart.py",
        "            offers.withdraw(step, call, agent, reason=REASON)\n",
        "            pass\n",
    ),
    (
        "dialling outlives a restart",
        "restart.py",
        "        clear(step, call, ClearingCause.SERVER_RESTARTED, reason=REASON)\n    elif",
        "        pass\n    elif",
    ),
    ("an old note replaces a new one", "wrapup.py", "    if command.revision > known_revision:", "    if True:"),
    ("a note's text is lost", "wrapup.py", "note=step.keep(command.text)", 'note=step.keep("")'),
    (
        "a command is carried out twice",
        "centre.py",
        "        if known is not None:\n            step.outcome.result.update(known.result)\n            return\n",
        "",
    ),
    (
        "an agent is kept by a caller who has gone",
        "legs.py",
        "        offers.end_all(step, call, OfferOutcome.CALLER_GONE)\n",
        "        pass\n",
    ),
    (
        "a flow may take for ever",
        "flow.py",
        '        clear(step, call, ClearingCause.TIMEOUT, reason="flow_limit")\n',
        "        pass\n",
    ),
    (
        "who leaves a queue is still counted",
        "fold_calls.py",
        "    queue.waiting.pop(event.call, None)\n",
        "",
    ),
    (
        "nobody says that an agent is ready again",
        "agents.py",
        "        step.emit(e.AgentReady(at=step.now, agent=agent.agent, idle_since=idle_since))\n",
        "        pass\n",
    ),
    ("a rest never ends", "fold_agents.py", "    agent.rest_until = None\n", ""),
    (
        "the wait for the card is not limited",
        "deadlines.py",
        "        found += [party.release_at for party in call.parties.values()]\n",
        "        pass\n",
    ),
    (
        "a recording is not closed",
        "recordings.py",
        "    step.order(StopRecording(call=call.call, n=step.n(call.call), recording=call.recording))\n"
        "    return step.after",
        "    return step.after",
    ),
    (
        "who asked to be called back waits on",
        "flow_orders.py",
        "        leave_queue(step, call, QueueExit.CALLBACK, flow_goes_on=True)\n",
        "        pass\n",
    ),
    (
        "an INVITE that comes twice is two calls",
        "inbound.py",
        "    if signal.leg in step.state.legs:\n        return\n",
        "",
    ),
    ("calls go to phones that are not there", "entities.py", "            and self.phone_registered\n", ""),
    (
        "a snapshot forgets wrong PINs",
        "snapshot.py",
        'if field.name != "personal"',
        'if field.name not in ("personal", "pin_failures")',
    ),
    (
        "a note's text stands in its event",
        "events/talks.py",
        "class NoteTaken(CallEvent, frozen=True, kw_only=True):\n",
        'class NoteTaken(CallEvent, frozen=True, kw_only=True):\n    text: str = "PrivateNote"\n',
    ),
    (
        "PINs can be guessed without end",
        "identity.py",
        "    if wrong >= WRONG_PINS_MAX:\n        return PinResult.LOCKED\n"
        "    if wrong + _being_checked(step, call.customer) >= WRONG_PINS_MAX:\n        return PinResult.UNAVAILABLE\n",
        "",
    ),
    (
        "an agent whose desktop is gone stays ready",
        "agents.py",
        "        make_absent(step, agent, NotReadyReason.DESKTOP_LOST)\n",
        "        pass\n",
    ),
    (
        "a held caller is never joined again",
        "conversation.py",
        "    step.order(RetrieveLeg(call=call.call, n=step.n(call.call), leg=customer_leg, other=agent_leg))\n",
        "",
    ),
    (
        "a message is promised before its file is whole",
        "messages.py",
        "    _close(step, call)\n    return None\n",
        "    _close(step, call)\n    return MessageStored()  # type: ignore[return-value]\n",
    ),
    (
        "a message is lost with its caller",
        "messages.py",
        "    if call.waiting_for == MESSAGE and being_left(step, call) is not None and _is_too_short(step, call):\n",
        "    if being_left(step, call) is not None:\n",
    ),
    ("effects have numbers that were given before", "step.py", "self.now - known.arrived_at", "0"),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    for package in COPIED:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "cti_server" / "__init__.py").touch()
    return folder


def simulate(folder: Path, seeds: int) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "cti_server.sim", "0", str(seeds), "first"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
    )


def test_nothing_is_caught_where_nothing_is_planted(copy: Path) -> None:
    result = simulate(copy, 25)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant[0])
def test_a_planted_fault_is_caught(plant: Plant, copy: Path) -> None:
    _, name, text, instead = plant
    file = copy / "cti_server" / "core" / name
    source = file.read_text("utf-8")
    assert text in source, "the plant is out of date: change it with the source"
    file.write_text(source.replace(text, instead, 1), "utf-8")
    try:
        result = simulate(copy, SEEDS)
    finally:
        file.write_text(source, "utf-8")
    assert result.returncode == 1, result.stderr
    assert "seed " in result.stdout, f"it broke in another way: {result.stderr}"
