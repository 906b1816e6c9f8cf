"""A snapshot of the state as bytes, and back. A cache of the fold, never the truth.

``schema_hash`` changes with the shape of the state and with ``FOLD_VERSION``; a snapshot of another hash is not used,
and the journal is folded whole. Personal texts are not in it: they can be erased in the store, and must then be gone.
"""

import hashlib
from dataclasses import fields

import msgspec

from cti_server.core.entities import State

FOLD_VERSION = 1
"""Raise it whenever a fold changes its meaning while the shapes stay."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(State)


def encode_snapshot(state: State) -> bytes:
    bare = State(**{field.name: getattr(state, field.name) for field in fields(State) if field.name != "personal"})
    return _encoder.encode(bare)


def decode_snapshot(data: bytes) -> State:
    """Raises msgspec.DecodeError when the bytes are not a snapshot of this shape."""
    return _decoder.decode(data)


def schema_hash() -> str:
    schema = msgspec.json.encode(msgspec.json.schema(State), order="sorted")
    return hashlib.blake2b(schema + str(FOLD_VERSION).encode(), digest_size=8).hexdigest()
