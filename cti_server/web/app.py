"""The HTTP routes. Each request is checked against `rules.py` before its route runs; reads come from the main database.

Bind it to loopback, or put a proxy with TLS before it. Writes do not come through here, but through the desktops' door.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cti_server.core.errors import Refused, Unavailable
from cti_server.core.vocabulary import Secret
from cti_server.ports import CredentialCheck
from cti_server.storage.answers import CallFilter, RecordingRow
from cti_server.storage.queries import Queries
from cti_server.web.audio import audio_response, confined
from cti_server.web.credentials_service import CredentialService
from cti_server.web.metrics import CONTENT_TYPE, metrics_text
from cti_server.web.past_service import PastService
from cti_server.web.rules import AGENT, REVIEWER, RULES, SUPERVISOR, Endpoint, Rule
from cti_server.web.sign_in import COOKIE, LIFE_S, WebSessions, is_from_elsewhere

BODY_BYTES_MAX = 4 * 1024
ROWS_MAX = 200
STATUSES = {"not_found": 404, "not_recorded": 404, "too_many_requests": 429, "too_slow": 503}
"""Of refusals; others are 400."""
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """The body of POST /api/sign-in. ``wants_token``: give the token in the answer instead of a cookie (programs)."""

    user: str
    password: str
    wants_token: bool = False


class WebApp:
    """The routes with what they need. ``is_secure``: browsers reach us by TLS, so the cookie never goes without.
    ``levels``: what each queue asks for of those who serve it."""

    def __init__(
        self,
        *,
        service: CredentialService,
        queries: Queries,
        past: PastService,
        sessions: WebSessions,
        recordings: Path,
        levels: Mapping[str, int] | None = None,
        is_secure: bool = False,
        is_configuration_broken: Callable[[], bool] = lambda: False,
    ) -> None:
        self._levels = levels or {}
        self._service = service
        self._queries = queries
        self._past = past
        self._sessions = sessions
        self._recordings = recordings
        self._is_secure = is_secure
        self._is_configuration_broken = is_configuration_broken

    def routes(self) -> dict[tuple[str, str], Endpoint]:
        """The endpoint of every rule."""
        return {
            ("GET", "/health"): self.health,
            ("POST", "/api/sign-in"): self.sign_in,
            ("POST", "/api/sign-out"): self.sign_out,
            ("GET", "/metrics"): self.metrics,
            ("GET", "/api/calls"): self.calls,
            ("GET", "/api/calls/{call:int}"): self.call,
            ("GET", "/api/calls/{call:int}/why"): self.why,
            ("GET", "/api/fairness"): self.fairness,
            ("GET", "/api/agents/{agent:int}/idle-runs"): self.idle_runs,
            ("GET", "/api/recordings/{recording:int}/audio"): self.audio,
            ("GET", "/api/callbacks"): self.callbacks,
        }

    # --- everybody ---------------------------------------------------------------------------------------------------

    async def health(self, _request: Request) -> Response:
        """200 while the database answers, else 503. ``configuration`` "last_good": its files cannot be used."""
        is_broken = await run_in_threadpool(self._is_configuration_broken)
        applied = await run_in_threadpool(self._queries.applied_seq)
        return _json({"ok": True, "applied_seq": applied, "configuration": "last_good" if is_broken else "current"})

    async def sign_in(self, request: Request) -> Response:
        """401 ``wrong_credentials``; 429 ``too_many_attempts``."""
        body = await _body(request)
        if body is None:
            return _refused(400, "malformed")
        address = request.client.host if request.client else ""
        person = await self._service.check_password(body.user, Secret(body.password), address)
        if person.result != "ok":
            statuses = {"wrong": (401, "wrong_credentials"), "locked": (429, "too_many_attempts")}
            return _refused(*statuses.get(person.result, (503, "unavailable")))
        token = self._sessions.open(person)
        who: dict[str, Any] = {"user": person.user, "name": person.name, "roles": person.roles}
        if body.wants_token:
            return _json(who | {"token": token})
        answer = _json(who)
        answer.set_cookie(
            COOKIE, token, max_age=int(LIFE_S), path="/", httponly=True, samesite="strict", secure=self._is_secure
        )
        return answer

    async def sign_out(self, request: Request) -> Response:
        self._sessions.close(request)
        answer = _json({"ok": True})
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=self._is_secure)
        return answer

    async def metrics(self, _request: Request) -> Response:
        totals = await run_in_threadpool(self._queries.totals)
        applied = await run_in_threadpool(self._queries.applied_seq)
        messages = await run_in_threadpool(self._queries.messages_waiting)
        text = metrics_text(
            totals,
            applied_seq=applied,
            credentials_waiting=self._service.waiting,
            messages_waiting=messages,
            is_configuration_broken=await run_in_threadpool(self._is_configuration_broken),
        )
        return Response(text, media_type=CONTENT_TYPE)

    # --- calls -------------------------------------------------------------------------------------------------------

    async def calls(self, request: Request) -> Response:
        """Newest first; ``since``, ``until`` (UTC µs), ``queue``, ``customer``, ``limit``, ``after`` (``next``)."""
        person, asked = _person(request), request.query_params
        numbers = _numbers(request, "since", "until", "limit")
        after = _after(asked.get("after", ""))
        wanted = CallFilter(
            since=numbers.get("since"),
            until=numbers.get("until"),
            queue=asked.get("queue", ""),
            customer=asked.get("customer", ""),
            agent=_only(person),
        )
        limit = max(1, min(numbers.get("limit", 50), ROWS_MAX))
        page = await run_in_threadpool(self._queries.calls, wanted, after=after, limit=limit)
        return _json({"calls": page.rows, "next": "-".join(map(str, page.next)) if page.next else None})

    async def call(self, request: Request) -> Response:
        """One call with its steps, offers, recordings and script paths; 404 also for another agent's."""
        found = await run_in_threadpool(self._queries.call, request.path_params["call"])
        if found is None or not _may_see(_person(request), found.call.agent):
            return _refused(404, "not_found")
        return _json(found)

    async def audio(self, request: Request) -> Response:
        """WAV, by range; 404 also for another agent's, and for messages of queues that an agent does not serve."""
        found = await run_in_threadpool(self._queries.recording, request.path_params["recording"])
        if found is None or not await run_in_threadpool(self._may_hear, _person(request), found):
            return _refused(404, "not_found")
        file = await run_in_threadpool(confined, self._recordings, found.path)
        if file is None:
            return _refused(404, "not_found")
        return audio_response(file, request.headers.get("range"))

    def _may_hear(self, person: CredentialCheck, recording: RecordingRow) -> bool:
        if _may_see(person, recording.agent):
            return True
        message = self._queries.message_in(recording.recording)
        if message is None or person.agent is None or AGENT not in person.roles:
            return False
        if message.agent is not None:
            return message.agent == person.agent
        level = self._queries.skills_of(person.agent).get(message.queue, 0)
        return not message.queue or level >= self._levels.get(message.queue, 1)

    async def callbacks(self, request: Request) -> Response:
        """Open ones, first due first; agents see those that nobody else is named for."""
        only = _only(_person(request))
        rows = await run_in_threadpool(self._queries.open_callbacks, queue=request.query_params.get("queue", ""))
        return _json({"callbacks": [row for row in rows if only is None or row.agent in (None, only)]})

    # --- the past ----------------------------------------------------------------------------------------------------

    async def why(self, request: Request) -> Response:
        """Who was offered the call and who was not, by which rule; 404 also where an agent may not know."""
        return _json(await self._past.why(_person(request), request.path_params["call"]))

    async def fairness(self, request: Request) -> Response:
        """How even a day's work fell on people; ``at`` (UTC µs): of which local day."""
        return _json(await self._past.fairness(_person(request), _numbers(request, "at").get("at")))

    async def idle_runs(self, request: Request) -> Response:
        """When somebody was free beside waiting calls; ``at`` as before. 404 for another agent's."""
        at = _numbers(request, "at").get("at")
        return _json(await self._past.idle_runs(_person(request), request.path_params["agent"], at))


def create_app(web: WebApp, sessions: WebSessions) -> Starlette:
    """Every rule with its endpoint; KeyError: a rule without one, ValueError: an endpoint without a rule."""
    endpoints = web.routes()
    routes = [
        Route(rule.path, _guarded(rule, endpoints.pop((rule.method, rule.path)), sessions), methods=[rule.method])
        for rule in RULES
    ]
    if endpoints:
        raise ValueError(f"routes without a rule: {sorted(endpoints)}")
    return Starlette(routes=routes, exception_handlers={404: _plain, 405: _plain})


def _guarded(rule: Rule, endpoint: Endpoint, sessions: WebSessions) -> Endpoint:
    async def guarded(request: Request) -> Response:
        answer = await _admit(rule, endpoint, sessions, request)
        for name, value in SECURITY_HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    return guarded


async def _admit(rule: Rule, endpoint: Endpoint, sessions: WebSessions, request: Request) -> Response:
    if is_from_elsewhere(request):
        return _refused(403, "foreign_origin")
    if rule.roles is not None:
        person = sessions.person(request)
        if person is None:
            return _refused(401, "sign_in")
        if rule.roles.isdisjoint(person.roles):
            return _refused(403, "not_allowed")
        request.state.person = person
    try:
        return await endpoint(request)
    except Refused as refusal:
        return _refused(STATUSES.get(refusal.code, 400), refusal.code)
    except Unavailable:
        return _refused(503, "unavailable")


async def _plain(_request: Request, error: Exception) -> Response:
    answer = _refused(getattr(error, "status_code", 404), "not_found")
    answer.headers.update(SECURITY_HEADERS)
    return answer


async def _body(request: Request) -> SignIn | None:
    """JSON only, so that no form of another site can send it; at most 4 KiB."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return None
    data = b""
    async for piece in request.stream():
        data += piece
        if len(data) > BODY_BYTES_MAX:
            return None
    try:
        return msgspec.json.decode(data, type=SignIn)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _person(request: Request) -> CredentialCheck:
    person: CredentialCheck = request.state.person
    return person


def _only(person: CredentialCheck) -> int | None:
    """The agent whose rows alone this person may see; None: all. -1, nobody's, for agents without a number."""
    if {SUPERVISOR, REVIEWER} & set(person.roles):
        return None
    return person.agent if AGENT in person.roles and person.agent is not None else -1


def _may_see(person: CredentialCheck, agent: int | None) -> bool:
    only = _only(person)
    return only is None or only == agent


def _numbers(request: Request, *names: str) -> dict[str, int]:
    """The numbers among the query's parameters. Raises Refused."""
    given = {name: request.query_params[name] for name in names if name in request.query_params}
    if not all(text.isascii() and text.isdigit() and len(text) <= 18 for text in given.values()):
        raise Refused("malformed")
    return {name: int(text) for name, text in given.items()}


def _after(text: str) -> tuple[int, int] | None:
    """Where a page goes on; None: not given. Raises Refused."""
    if not text:
        return None
    at, dash, call = text.partition("-")
    if not dash or not (at + call).isascii() or not (at.isdigit() and call.isdigit()) or len(text) > 40:
        raise Refused("malformed")
    return int(at), int(call)


def _json(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status_code=status, media_type="application/json")


def _refused(status: int, code: str) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    answer = _json({"code": code}, status)
    answer.headers.update(headers)
    return answer
