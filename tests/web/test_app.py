"""Each route is for those whom its rule names, and for nobody else; what goes out is confined and marked."""

import functools
from pathlib import Path

import pytest

from cti_server.web.app import SECURITY_HEADERS, create_app
from cti_server.web.rules import RULES, Rule
from cti_server.web.sign_in import LIFE_S
from tests.web.web_helpers import (
    GONE_RECORDING,
    MESSAGE_RECORDING,
    MONITOR_KEY,
    OFFERED,
    OTHER_CALL,
    OTHER_RECORDING,
    OUTSIDE_RECORDING,
    OWN_CALL,
    OWN_RECORDING,
    PASSWORD,
    WAV,
    Web,
    on_the_web,
)

PEOPLE = {"agent": "kim", "supervisor": "han", "reviewer": "oh", "administrator": "root"}
RULED = [rule for rule in RULES if rule.roles is not None]


def path_of(rule: Rule) -> str:
    call = OFFERED if rule.path.endswith("/why") else OWN_CALL
    names = {"{call:int}": call, "{recording:int}": OWN_RECORDING, "{agent:int}": 1}
    return functools.reduce(lambda path, name: path.replace(name, str(names[name])), names, rule.path)


def ids(rule: Rule) -> str:
    return f"{rule.method} {rule.path}"


def test_a_route_without_a_rule_does_not_come_up() -> None:
    class Forgetful:
        def routes(self) -> dict[tuple[str, str], object]:
            return {(rule.method, rule.path): None for rule in RULES} | {("GET", "/api/everything"): None}

    with pytest.raises(ValueError, match="/api/everything"):
        create_app(Forgetful(), None)  # type: ignore[arg-type]  # it is refused before anything is used


@pytest.mark.parametrize("rule", RULED, ids=ids)
def test_nobody_gets_in_without_signing_in_or_with_an_old_or_made_up_token(tmp_path: Path, rule: Rule) -> None:
    async def work(it: Web) -> None:
        token = await it.sign_in("han")
        it.clock.now += LIFE_S
        for given in ("", token, "made-up", "x" * 5000):
            headers = {"Authorization": f"Bearer {given}"} if given else {}
            answer = await it.http.request(rule.method, path_of(rule), headers=headers)
            assert answer.status_code == 401
            assert answer.json() == {"code": "sign_in"}
        answer = await it.http.request(rule.method, f"{path_of(rule)}?token={MONITOR_KEY}&access_token={token}")
        assert answer.status_code == 401

    on_the_web(tmp_path, work)


@pytest.mark.parametrize("rule", RULED, ids=ids)
def test_each_role_gets_what_the_rule_says(tmp_path: Path, rule: Rule) -> None:
    assert rule.roles is not None

    async def work(it: Web) -> None:
        for role, user in PEOPLE.items():
            token = await it.sign_in(user)
            answer = await it.http.request(rule.method, path_of(rule), headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == (200 if role in rule.roles else 403), role  # type: ignore[operator]
        monitor = await it.http.request(rule.method, path_of(rule), headers={"Authorization": f"Bearer {MONITOR_KEY}"})
        assert monitor.status_code == (200 if rule.path == "/metrics" else 403)

    on_the_web(tmp_path, work)


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_every_answer_carries_the_security_headers(tmp_path: Path, rule: Rule) -> None:
    async def work(it: Web) -> None:
        for path in (path_of(rule), "/nowhere"):
            answer = await it.http.request(rule.method, path)
            for name, value in SECURITY_HEADERS.items():
                assert answer.headers[name] == value

    on_the_web(tmp_path, work)


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_pages_of_other_sites_are_refused_also_with_a_session(tmp_path: Path, rule: Rule) -> None:
    async def work(it: Web) -> None:
        token = await it.sign_in("han")
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await it.http.request(
                rule.method, path_of(rule), headers={"Authorization": f"Bearer {token}"} | headers
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")

    on_the_web(tmp_path, work)


def test_an_unknown_path_and_a_wrong_method_are_told_alike_by_code(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        assert (await it.get("/api/nothing")).status_code == 404
        assert (await it.http.delete("/api/calls")).status_code == 405

    on_the_web(tmp_path, work)


# --- signing in ------------------------------------------------------------------------------------------------------


def test_a_browser_gets_a_cookie_that_pages_cannot_read_and_other_sites_cannot_send(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        answer = await it.http.post("/api/sign-in", json={"user": "han", "password": PASSWORD.reveal()})
        assert answer.json() == {"user": "han", "name": "Han", "roles": ["supervisor"]}
        cookie = answer.headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=strict", "Path=/", "Secure"):
            assert part in cookie
        it.http.cookies.clear()
        value = cookie.split(";")[0]
        assert (await it.get("/api/calls", Cookie=value)).status_code == 200
        assert (await it.http.post("/api/sign-out", headers={"Cookie": value})).status_code == 200
        it.http.cookies.clear()
        assert (await it.get("/api/calls", Cookie=value)).status_code == 401

    on_the_web(tmp_path, work, is_secure=True)


@pytest.mark.parametrize("user", ["han", "nobody", "", "' OR 1=1 --"])
def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(tmp_path: Path, user: str) -> None:
    async def work(it: Web) -> None:
        answer = await it.http.post("/api/sign-in", json={"user": user, "password": "wrong"})
        assert (answer.status_code, answer.json()) == (401, {"code": "wrong_credentials"})

    on_the_web(tmp_path, work)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"user=han&password=x", "application/x-www-form-urlencoded"),
        (b'{"user":"han","password":"x"}', "text/plain"),
        (b'{"user":"han"}', "application/json"),
        (b'{"user":"\xff","password":"x"}', "application/json"),
        (b"[" * 4000, "application/json"),
        (b'{"user":"han","password":"' + b"x" * 10_000 + b'"}', "application/json"),
        (b"", "application/json"),
    ],
)
def test_only_a_small_json_object_is_read(tmp_path: Path, content: bytes, kind: str) -> None:
    async def work(it: Web) -> None:
        answer = await it.http.post("/api/sign-in", content=content, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()) == (400, {"code": "malformed"})

    on_the_web(tmp_path, work)


# --- calls and recordings --------------------------------------------------------------------------------------------


def test_an_agent_sees_own_calls_and_recordings_and_no_others(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        kim, han = await it.sign_in("kim"), await it.sign_in("han")
        assert [c["call"] for c in (await it.get("/api/calls", kim)).json()["calls"]] == [OWN_CALL]
        assert [c["call"] for c in (await it.get("/api/calls", han)).json()["calls"]] == [OTHER_CALL, OWN_CALL]
        for path in (f"/api/calls/{OTHER_CALL}", f"/api/recordings/{OTHER_RECORDING}/audio", "/api/calls/9999"):
            assert (await it.get(path, kim)).status_code == 404
        assert (await it.get(f"/api/calls/{OTHER_CALL}", han)).json()["call"]["agent"] == 2
        assert [c["callback"] for c in (await it.get("/api/callbacks", kim)).json()["callbacks"]] == [301, 302]
        assert len((await it.get("/api/callbacks", han)).json()["callbacks"]) == 3

    on_the_web(tmp_path, work)


def test_a_message_is_heard_by_those_who_serve_its_queue(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        path = f"/api/recordings/{MESSAGE_RECORDING}/audio"
        found = {name: (await it.get(path, await it.sign_in(name))).status_code for name in ("kim", "lee", "oh", "han")}
        assert found == {"kim": 200, "lee": 404, "oh": 200, "han": 200}
        metrics = (await it.get("/metrics", await it.sign_in("root"))).text
        assert 'ieum_messages_waiting{queue="orders"} 1' in metrics

    on_the_web(tmp_path, work)


def test_pages_of_calls_follow_each_other(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        han = await it.sign_in("han")
        first = (await it.get("/api/calls?limit=1", han)).json()
        second = (await it.get(f"/api/calls?limit=1&after={first['next']}", han)).json()
        assert [c["call"] for c in first["calls"] + second["calls"]] == [OTHER_CALL, OWN_CALL]
        assert second["next"] is None

    on_the_web(tmp_path, work)


@pytest.mark.parametrize("query", ["limit=x", "since=-1", "after=1", "after=1-x", "until=9999999999999999999999"])
def test_a_query_that_cannot_be_read_is_malformed(tmp_path: Path, query: str) -> None:
    async def work(it: Web) -> None:
        answer = await it.get(f"/api/calls?{query}", await it.sign_in("han"))
        assert (answer.status_code, answer.json()) == (400, {"code": "malformed"})

    on_the_web(tmp_path, work)


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        (None, 200, WAV),
        ("bytes=0-3", 206, b"RIFF"),
        ("bytes=4-", 206, WAV[4:]),
        ("bytes=-10", 206, WAV[-10:]),
        (f"bytes=10-{10**9}", 206, WAV[10:]),
        (f"bytes={len(WAV)}-", 416, b""),
        ("bytes=9-3", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=0-1,5-6", 200, WAV),
        ("lines=1-2", 200, WAV),
    ],
)
def test_a_recording_is_sent_whole_or_by_range(tmp_path: Path, wanted: str | None, status: int, part: bytes) -> None:
    async def work(it: Web) -> None:
        headers = {"Range": wanted} if wanted else {}
        answer = await it.get(f"/api/recordings/{OWN_RECORDING}/audio", await it.sign_in("kim"), **headers)
        assert (answer.status_code, answer.content) == (status, part)
        if status == 206:
            assert answer.headers["content-range"].endswith(f"/{len(WAV)}")
            assert answer.headers["content-length"] == str(len(part))

    on_the_web(tmp_path, work)


def test_no_file_outside_the_recordings_is_sent(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        han = await it.sign_in("han")
        (it.folder / "recordings" / "gone.wav").symlink_to(it.folder / "secret.txt")
        for recording in (GONE_RECORDING, OUTSIDE_RECORDING, 999):
            answer = await it.get(f"/api/recordings/{recording}/audio", han)
            assert (answer.status_code, answer.json()) == (404, {"code": "not_found"})

    on_the_web(tmp_path, work)


def test_health_and_metrics_tell_how_things_are(tmp_path: Path) -> None:
    async def work(it: Web) -> None:
        assert (await it.get("/health")).json() == {"ok": True, "applied_seq": 0, "configuration": "current"}
        answer = await it.get("/metrics", MONITOR_KEY)
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        lines = answer.text.splitlines()
        assert "ieum_calls_total 2" in lines
        assert 'ieum_calls_cleared_total{cause="normal"} 2' in lines
        assert 'ieum_callbacks{state="waiting"} 3' in lines
        assert all(line.startswith(("# HELP ", "# TYPE ", "ieum_")) for line in lines)

    on_the_web(tmp_path, work)
