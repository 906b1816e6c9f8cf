"""Digest, both sides: right, wrong, stale and replayed."""

from __future__ import annotations

import pytest

from cti_server.sip.commands import Credentials
from cti_server.sip.digest import DigestClient, DigestServer, Outcome, digest_hash, ha1, parse_digest
from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.message import Response, header

S = 1_000_000
KIM = Credentials(username="kim", password="right")


def server(*algorithms: str, nonces_max: int = 100) -> DigestServer:
    return DigestServer(
        realm="ieum",
        algorithms=algorithms or ("MD5",),
        lifetime_us=300 * S,
        nonces_max=nonces_max,
        key=b"k" * 32,
    )


def lookup(username: str, realm: str, algorithm: str) -> str | None:
    return ha1("kim", realm, "right", algorithm) if username == "kim" else None


def challenged(one: DigestServer, client: DigestClient, now_us: int = 0, *, stale: bool = False) -> None:
    values = one.challenges(now_us, is_stale=stale, salt=f"s{now_us}")
    response = Response(headers=[header("WWW-Authenticate", value) for value in values], status=401)
    assert client.learn(response, is_retry=False)


def answer(client: DigestClient) -> str:
    ((name, value),) = client.headers("REGISTER", "sip:ieum", "c0ffee")
    assert name == "Authorization"
    return value


def test_the_example_of_rfc_7616() -> None:
    """Section 3.9.1, with its Unicode-free user, for both algorithms."""
    expected = {
        "MD5": "8ca523f5e9506fed4657c9700eebdbec",
        "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    }
    for algorithm, response in expected.items():
        secret = ha1("Mufasa", "http-auth@example.org", "Circle of Life", algorithm)
        nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
        cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
        ha2 = digest_hash(algorithm, "GET:/dir/index.html")
        assert digest_hash(algorithm, f"{secret}:{nonce}:00000001:{cnonce}:auth:{ha2}") == response


@pytest.mark.parametrize("algorithms", [("MD5",), ("SHA-256",), ("SHA-256", "MD5")])
def test_the_right_password_is_right_and_the_best_algorithm_is_used(algorithms: tuple[str, ...]) -> None:
    one, client = server(*algorithms), DigestClient(KIM)
    challenged(one, client)
    value = answer(client)
    assert f"algorithm={algorithms[0]}" in value
    assert one.check(value, "REGISTER", 0, lookup) == (Outcome.RIGHT, "kim")


@pytest.mark.parametrize(
    "credentials", [Credentials(username="kim", password="wrong"), Credentials(username="lee", password="right")]
)
def test_wrong_and_unknown_are_one_outcome(credentials: Credentials) -> None:
    one, client = server(), DigestClient(credentials)
    challenged(one, client)
    assert one.check(answer(client), "REGISTER", 0, lookup)[0] is Outcome.WRONG


def test_a_count_used_twice_is_stale_and_the_next_is_right() -> None:
    one, client = server(), DigestClient(KIM)
    challenged(one, client)
    first, second = answer(client), answer(client)
    assert one.check(second, "REGISTER", 0, lookup)[0] is Outcome.RIGHT
    assert one.check(second, "REGISTER", 0, lookup)[0] is Outcome.STALE
    assert one.check(first, "REGISTER", 0, lookup)[0] is Outcome.STALE
    assert one.check(answer(client), "REGISTER", 0, lookup)[0] is Outcome.RIGHT


def test_a_nonce_has_an_age_and_a_maker() -> None:
    one, client = server(), DigestClient(KIM)
    challenged(one, client, now_us=10 * S)
    assert one.check(answer(client), "REGISTER", 310 * S, lookup)[0] is Outcome.RIGHT
    assert one.check(answer(client), "REGISTER", 311 * S, lookup)[0] is Outcome.STALE
    assert one.check(answer(client), "REGISTER", 9 * S, lookup)[0] is Outcome.STALE
    other = server()
    other.key = b"x" * 32
    assert other.check(answer(client), "REGISTER", 10 * S, lookup)[0] is Outcome.STALE


def test_forgotten_counts_cannot_be_replayed() -> None:
    one = server(nonces_max=3)
    values = []
    for number in range(4):
        client = DigestClient(KIM)
        challenged(one, client, now_us=number)
        values.append(answer(client))
        assert one.check(values[-1], "REGISTER", 10, lookup)[0] is Outcome.RIGHT
    assert {one.check(value, "REGISTER", 10, lookup)[0] for value in values} == {Outcome.STALE}


def test_another_method_or_realm_does_not_count() -> None:
    one, client = server(), DigestClient(KIM)
    challenged(one, client)
    assert one.check(answer(client), "INVITE", 0, lookup)[0] is Outcome.WRONG
    assert one.check(answer(client).replace('"ieum"', '"other"'), "REGISTER", 0, lookup)[0] is Outcome.MISSING
    assert one.check("Basic a2ltOnJpZ2h0", "REGISTER", 0, lookup)[0] is Outcome.MISSING


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("qop=auth", "qop=auth-int"),
        ("nc=00000001", "nc=1"),
        ("nc=00000001", "nc=0000000g"),
        ('cnonce="c0ffee", ', ""),
        ("algorithm=MD5", "algorithm=SHA-256"),
        ("algorithm=MD5", "algorithm=ROT13"),
        ('username="kim"', 'username=""'),
        ("Digest ", "Digest x "),
        ('response="', 'response="é'),
    ],
)
def test_malformed_answers_are_wrong(old: str, new: str) -> None:
    one, client = server(), DigestClient(KIM)
    challenged(one, client)
    value = answer(client)
    assert old in value
    assert one.check(value.replace(old, new), "REGISTER", 0, lookup)[0] is Outcome.WRONG


def test_a_phone_of_the_old_school_gets_one_request_per_nonce() -> None:
    """RFC 2069: no qop, no count."""
    one = server()
    nonce = (parse_digest(one.challenges(0, is_stale=False, salt="s")[0]) or {})["nonce"]
    secret = ha1("kim", "ieum", "right", "MD5")
    response = digest_hash("MD5", f"{secret}:{nonce}:{digest_hash('MD5', 'REGISTER:sip:ieum')}")
    value = f'Digest username="kim",realm="ieum",nonce="{nonce}",uri="sip:ieum",response="{response}",algorithm=MD5'
    assert one.check(value, "REGISTER", 0, lookup) == (Outcome.RIGHT, "kim")
    assert one.check(value, "REGISTER", 0, lookup)[0] is Outcome.STALE


def refusal(*values: str, status: int = 401) -> Response:
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    return Response(headers=[header(name, value) for value in values], status=status)


def test_a_client_answers_a_second_challenge_only_if_the_nonce_was_stale() -> None:
    client = DigestClient(KIM)
    assert client.learn(refusal('Digest realm="a", nonce="1"'), is_retry=False)
    assert not client.learn(refusal('Digest realm="a", nonce="2"'), is_retry=True)
    assert client.learn(refusal('Digest realm="a", nonce="3", stale=TRUE'), is_retry=True)


def test_a_client_answers_a_server_behind_a_proxy() -> None:
    client = DigestClient(KIM)
    assert client.learn(refusal('Digest realm="p", nonce="1", opaque="x"', status=407), is_retry=False)
    assert client.learn(refusal('Digest realm="s", nonce="2", qop="auth,auth-int"'), is_retry=True)
    proxy, own = client.headers("INVITE", "sip:x", "c")
    assert proxy[0] == "Proxy-Authorization"
    assert 'opaque="x"' in proxy[1]
    assert "qop" not in proxy[1]
    assert own[0] == "Authorization"
    assert "nc=00000001" in own[1]


@pytest.mark.parametrize(
    "value",
    [
        "Basic realm=x",
        'Digest realm="a"',
        'Digest nonce="1"',
        'Digest realm="a", nonce="1", algorithm=ROT13',
        'Digest "',
    ],
)
def test_a_client_leaves_what_it_cannot_answer(value: str) -> None:
    assert not DigestClient(KIM).learn(refusal(value), is_retry=False)


def test_a_client_tells_its_password_to_its_own_realm_only() -> None:
    client = DigestClient(Credentials(username="kim", password="right", realm="ieum"))
    assert not client.learn(refusal('Digest realm="elsewhere", nonce="1"'), is_retry=False)
    assert client.headers("INVITE", "sip:x", "c") == []


def test_no_password_is_ever_shown() -> None:
    assert "right" not in f"{KIM!r} {KIM}"
    with pytest.raises(RemoteProtocolError):
        parse_digest("Digest realm")
