"""Digest authentication, both sides (RFC 3261 22, RFC 7616, RFC 8760): MD5 and SHA-256, qop=auth.

Decides whether credentials are right, stale or wrong, and what to answer a challenge with. A nonce carries its own
birth time under a key of this process, so only its highest count has to be remembered. An unknown user is checked
against a made-up hash, so that it costs and looks the same.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from cti_server.sip.commands import Credentials
from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.grammar import is_token, quote, split_outside, unquote
from cti_server.sip.message import Response

ALGORITHMS = ("SHA-256", "MD5")
_HASHES: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}


class Outcome(StrEnum):
    MISSING = "missing"  # no digest for our realm
    STALE = "stale"  # right or wrong, but on a nonce that is too old or a count already used
    WRONG = "wrong"  # bad password, unknown user, or malformed
    RIGHT = "right"


def digest_hash(algorithm: str, text: str) -> str:
    return _HASHES[algorithm](text.encode("utf-8", "surrogateescape"))


def ha1(username: str, realm: str, password: str, algorithm: str) -> str:
    """What a server stores instead of a password."""
    return digest_hash(algorithm, f"{username}:{realm}:{password}")


def parse_digest(value: str) -> dict[str, str] | None:
    """Parameters of a Digest challenge or of credentials, names in lower case; None for another scheme."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    found: dict[str, str] = {}
    for piece in split_outside(rest, ","):
        name, equals, text = piece.partition("=")
        if not equals or not is_token(name.strip()):
            raise RemoteProtocolError("bad digest")
        found[name.strip().lower()] = unquote(text.strip())
    return found


def _response(fields: dict[str, str], secret: str, method: str, algorithm: str) -> str:
    ha2 = digest_hash(algorithm, f"{method}:{fields['uri']}")
    if "qop" in fields:
        middle = f"{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:{fields['qop']}"
    else:
        middle = fields["nonce"]
    return digest_hash(algorithm, f"{secret}:{middle}:{ha2}")


@dataclass(slots=True)
class DigestServer:
    """Our challenges and their checks."""

    realm: str
    algorithms: tuple[str, ...]
    lifetime_us: int
    nonces_max: int
    key: bytes
    _counts: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def challenges(self, now_us: int, *, is_stale: bool, salt: str) -> list[str]:
        """Values of WWW-Authenticate or Proxy-Authenticate, best first (RFC 8760 2.3)."""
        nonce = self._nonce(now_us, salt)
        stale = ", stale=true" if is_stale else ""
        return [
            f'Digest realm="{self.realm}", nonce="{nonce}", algorithm={name}, qop="auth"{stale}'
            for name in self.algorithms
        ]

    def check(
        self, value: str, method: str, now_us: int, lookup: Callable[[str, str, str], str | None]
    ) -> tuple[Outcome, str]:
        """(outcome, user name). `lookup(username, realm, algorithm)` gives H(A1) or None."""
        try:
            fields = parse_digest(value)
        except RemoteProtocolError:
            return Outcome.WRONG, ""
        if fields is None or fields.get("realm") != self.realm:
            return Outcome.MISSING, ""
        username = fields.get("username", "")
        algorithm = fields.get("algorithm", "MD5").upper()
        if algorithm not in self.algorithms or not self._is_complete(fields):
            return Outcome.WRONG, username
        if not self._is_fresh(fields["nonce"], now_us):
            return Outcome.STALE, username
        stored = lookup(username, self.realm, algorithm)
        # The made-up hash cannot be guessed: it is made of our key.
        secret = stored or digest_hash(algorithm, f"{username}:{self.key.hex()}")
        expected = _response(fields, secret, method, algorithm)
        is_same = hmac.compare_digest(expected.encode(), fields["response"].lower().encode("utf-8", "replace"))
        if not is_same or stored is None:
            return Outcome.WRONG, username
        return (Outcome.RIGHT if self._count_is_new(fields) else Outcome.STALE), username

    def _is_complete(self, fields: dict[str, str]) -> bool:
        if any(not fields.get(name) for name in ("username", "nonce", "uri", "response")):
            return False
        if "qop" not in fields:
            return True  # RFC 2069, as pyVoIP still does it: such a nonce is good for one request only
        count = fields.get("nc", "")
        is_count = len(count) == 8 and all(c in "0123456789abcdefABCDEF" for c in count)
        return fields["qop"] == "auth" and bool(fields.get("cnonce")) and is_count

    def _count_is_new(self, fields: dict[str, str]) -> bool:
        nonce, count = fields["nonce"], int(fields["nc"], 16) if "qop" in fields else 1
        if count <= self._counts.get(nonce, 0):
            return False
        self._counts[nonce] = count
        self._counts.move_to_end(nonce)
        while len(self._counts) > self.nonces_max:
            # A forgotten nonce could be replayed, so its whole generation is closed by a new key.
            self._counts.clear()
            self.key = hashlib.sha256(self.key).digest()
        return True

    def _nonce(self, now_us: int, salt: str) -> str:
        born = f"{now_us:x}.{salt}"
        return f"{born}.{self._seal(born)}"

    def _seal(self, born: str) -> str:
        return hmac.new(self.key, born.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:24]

    def _is_fresh(self, nonce: str, now_us: int) -> bool:
        born, _, seal = nonce.rpartition(".")
        if not hmac.compare_digest(self._seal(born).encode(), seal.encode("utf-8", "replace")):
            return False
        return 0 <= now_us - int(born.partition(".")[0], 16) <= self.lifetime_us


@dataclass(slots=True)
class _Challenge:
    fields: dict[str, str]
    count: int = 0


@dataclass(slots=True)
class DigestClient:
    """Answers challenges with one set of credentials; remembers the last one of the server and of the proxy."""

    credentials: Credentials
    _known: dict[str, _Challenge] = field(default_factory=dict)

    def learn(self, response: Response, *, is_retry: bool) -> bool:
        """Takes the best challenge of a 401 or 407. False if answering makes no sense: none that we can answer, or the
        request was already an answer to a challenge (`is_retry`) and the nonce was not stale.
        """
        is_proxy = response.status == 407
        best = self._best(response.headers_named("proxy-authenticate" if is_proxy else "www-authenticate"))
        name = "Proxy-Authorization" if is_proxy else "Authorization"
        if best is None:
            return False
        if is_retry and name in self._known and best.get("stale", "").lower() != "true":
            return False
        self._known[name] = _Challenge(best)
        return True

    def _best(self, challenges: list[str]) -> dict[str, str] | None:
        usable: list[tuple[int, dict[str, str]]] = []
        for value in challenges:
            try:
                fields = parse_digest(value)
            except RemoteProtocolError:
                continue
            if fields is None or not fields.get("nonce") or "realm" not in fields:
                continue
            algorithm = fields.get("algorithm", "MD5").upper()
            qops = [piece.strip() for piece in fields.get("qop", "auth").split(",")]
            wanted = self.credentials.realm
            if algorithm in ALGORITHMS and "auth" in qops and wanted in ("", fields["realm"]):
                usable.append((ALGORITHMS.index(algorithm), fields))
        return min(usable, key=lambda entry: entry[0])[1] if usable else None

    def headers(self, method: str, uri: str, cnonce: str) -> list[tuple[str, str]]:
        """(name, value) of the headers for a request; empty before the first challenge. Nonce counts grow."""
        return [(name, self._value(known, method, uri, cnonce)) for name, known in self._known.items()]

    def _value(self, known: _Challenge, method: str, uri: str, cnonce: str) -> str:
        known.count += 1
        challenge = known.fields
        algorithm = challenge.get("algorithm", "MD5").upper()
        fields = {"uri": uri, "nonce": challenge["nonce"]}
        if "qop" in challenge:
            fields |= {"qop": "auth", "nc": f"{known.count:08x}", "cnonce": cnonce}
        me = self.credentials
        secret = ha1(me.username, challenge["realm"], me.password, algorithm)
        parts = [
            f"username={quote(me.username)}",
            f"realm={quote(challenge['realm'])}",
            f"nonce={quote(challenge['nonce'])}",
            f'uri="{uri}"',
            f'response="{_response(fields, secret, method, algorithm)}"',
            f"algorithm={algorithm}",
        ]
        if "qop" in challenge:
            parts += [f'cnonce="{cnonce}"', "qop=auth", f"nc={known.count:08x}"]
        if "opaque" in challenge:
            parts.append(f"opaque={quote(challenge['opaque'])}")
        return "Digest " + ", ".join(parts)
