"""What a signed-in desktop sends: commands go to the engine, asks are answered, everything else ends the connection.

Decides how much one client may have under way. Replies come when the engine says that the result is durable.
"""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any

from cti_server.core.errors import Refused
from cti_server.gateway import translate
from cti_server.gateway.asks import Asks
from cti_server.gateway.rights import may
from cti_server.gateway.sessions import Sessions
from cti_server.gateway.watchers import Client
from cti_server.ports import CommandDoor, CommandReply
from cti_server.wire.client import AskFrame, ClientFrame, CommandFrame, Hello, LogOff
from cti_server.wire.codec import FrameError, decode_client, encode
from cti_server.wire.server import AnswerFrame, ReplyFrame

COMMANDS_UNDER_WAY_MAX = 64
ASKS_UNDER_WAY_MAX = 16
FRAME_ID_CHARACTERS_MAX = 120


def read_frame(data: str | bytes) -> ClientFrame:
    """A text frame. Raises FrameError, also for binary ones."""
    if isinstance(data, bytes):
        raise FrameError("malformed", "binary")
    return decode_client(data)


class Frames:
    """Takes frames of all clients; what it began is ended by ``close``."""

    def __init__(self, *, door: CommandDoor, asks: Asks, sessions: Sessions) -> None:
        self._door = door
        self._asks = asks
        self._sessions = sessions
        self._work: set[asyncio.Task[None]] = set()

    def take(self, client: Client, frame: ClientFrame) -> None:
        """Begin what is asked. Raises FrameError: this client does not speak our language."""
        if isinstance(frame, Hello):
            raise FrameError("malformed", "a second hello")
        if not 0 < len(frame.id) <= FRAME_ID_CHARACTERS_MAX:
            raise FrameError("malformed", "a frame needs an id")
        if isinstance(frame, CommandFrame):
            self._take_command(client, frame)
        else:
            self._take_ask(client, frame)

    async def close(self) -> None:
        for task in tuple(self._work):
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)

    def _take_command(self, client: Client, frame: CommandFrame) -> None:
        try:
            if not may(client.session.person.roles, frame.body):
                raise Refused("not_allowed")
            if client.commands_under_way >= COMMANDS_UNDER_WAY_MAX:
                raise Refused("too_many_requests")
            command = translate.to_command(client.agent, frame.id, frame.body)
        except Refused as refusal:
            self._reply(client, frame, CommandReply(code=refusal.code, parameters=dict(refusal.parameters)))
            return
        client.commands_under_way += 1
        self._begin(self._carry_out(client, frame, self._door(command)))

    async def _carry_out(self, client: Client, frame: CommandFrame, answer: Awaitable[CommandReply]) -> None:
        try:
            reply = await answer
        finally:
            client.commands_under_way -= 1
        if isinstance(frame.body, LogOff) and not reply.code:
            self._sessions.revoke(client.session)
        self._reply(client, frame, reply)

    def _reply(self, client: Client, frame: CommandFrame, reply: CommandReply) -> None:
        answer = ReplyFrame(
            to=frame.id, ok=not reply.code, code=reply.code, parameters=reply.parameters, result=reply.result
        )
        client.outbox.put(encode(answer))

    def _take_ask(self, client: Client, frame: AskFrame) -> None:
        code = ""
        if not may(client.session.person.roles, frame.body):
            code = "not_allowed"
        elif client.asks_under_way >= ASKS_UNDER_WAY_MAX:
            code = "too_many_requests"
        if code:
            client.outbox.put(encode(AnswerFrame(to=frame.id, code=code)))
            return
        client.asks_under_way += 1
        self._begin(self._answer(client, frame))

    async def _answer(self, client: Client, frame: AskFrame) -> None:
        try:
            client.outbox.put(encode(await self._asks.answer(client, frame)))
        finally:
            client.asks_under_way -= 1

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
