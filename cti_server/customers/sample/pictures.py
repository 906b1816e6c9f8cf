"""Draws the products' pictures: a light silhouette on a two-tone ground, smooth at the edges, as PNG bytes.

Shapes are unions of rounded boxes given as signed distances, so that they need neither fonts nor an image library.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 288, 180
Field = NDArray[np.float32]
Box = tuple[float, float, float, float, float, float]
"""Centre x and y, half width, half height, corner radius (all in pixels), shade 0–1."""

SHAPES: dict[str, tuple[Box, ...]] = {
    "bottle": ((144, 40, 15, 16, 6, 0.86), (144, 99, 34, 53, 13, 1.0)),
    "tall": ((144, 34, 12, 14, 4, 0.82), (144, 96, 24, 62, 9, 1.0)),
    "jar": ((144, 72, 55, 15, 6, 0.84), (144, 118, 52, 36, 12, 1.0)),
    "tube": ((144, 152, 20, 11, 4, 0.82), (144, 83, 32, 60, 9, 1.0), (144, 27, 36, 5, 2, 0.9)),
    "dropper": ((144, 30, 9, 16, 8, 0.78), (144, 54, 17, 10, 3, 0.86), (144, 112, 36, 46, 15, 1.0)),
    "pump": (
        (128, 27, 22, 5, 4, 0.82),
        (144, 40, 6, 16, 2, 0.82),
        (144, 60, 17, 9, 3, 0.88),
        (144, 117, 38, 48, 12, 1.0),
    ),
    "pouch": ((144, 92, 58, 62, 7, 1.0), (144, 37, 58, 5, 2, 0.86)),
    "lipstick": ((144, 52, 13, 26, 11, 0.8), (144, 84, 17, 16, 3, 0.9), (144, 128, 22, 32, 5, 1.0)),
    "compact": ((144, 92, 56, 56, 56, 1.0), (144, 92, 43, 43, 43, 0.88), (144, 149, 12, 4, 3, 0.82)),
}


def draw(shape: str, tint: tuple[str, str]) -> bytes:
    """The picture as PNG, 288 × 180. Raises KeyError for an unknown shape."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    picture = _ground(x, y, tint)
    body = _silhouette(x, y, SHAPES[shape])
    shadow = np.clip(0.5 - (_distance(x - 5, y - 7, SHAPES[shape]) - 3) / 14, 0, 1) * 0.16
    picture *= (1 - shadow)[..., None]
    for coverage, tone in body:
        light = tone * (0.955 + 0.045 * np.clip((x - 110) / -70 + 1, 0, 1))
        picture += coverage[..., None] * (255 * light[..., None] * np.array([0.985, 0.985, 0.99], np.float32) - picture)
    return _png(np.clip(picture + 0.5, 0, 255).astype(np.uint8))


def _ground(x: Field, y: Field, tint: tuple[str, str]) -> Field:
    first, last = (np.array([int(colour[i : i + 2], 16) for i in (0, 2, 4)], np.float32) for colour in tint)
    along = (x / WIDTH * 0.55 + y / HEIGHT * 0.45)[..., None]
    return np.asarray(first + (last - first) * along, np.float32)


def _silhouette(x: Field, y: Field, boxes: tuple[Box, ...]) -> list[tuple[Field, float]]:
    return [(np.clip(0.5 - _rounded(x, y, box), 0, 1) * 0.96, box[5]) for box in boxes]


def _distance(x: Field, y: Field, boxes: tuple[Box, ...]) -> Field:
    return np.asarray(np.minimum.reduce([_rounded(x, y, box) for box in boxes]), np.float32)


def _rounded(x: Field, y: Field, box: Box) -> Field:
    """Signed distance to a box with round corners; negative inside."""
    cx, cy, half_width, half_height, radius, _shade = box
    dx = np.abs(x - cx) - (half_width - radius)
    dy = np.abs(y - cy) - (half_height - radius)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return np.asarray(outside + np.minimum(np.maximum(dx, dy), 0) - radius, np.float32)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """An RGB image as PNG (RFC 2083): one filter byte (sub) before every row."""
    rows = pixels.astype(np.int16)
    rows[:, 1:] -= pixels[:, :-1]
    raw = np.concatenate([np.ones((HEIGHT, 1), np.uint8), rows.astype(np.uint8).reshape(HEIGHT, -1)], axis=1)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
