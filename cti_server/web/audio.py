"""Sends a recording, whole or by range (RFC 9110, section 14), from inside the recordings' folder and nowhere else."""

import re
from collections.abc import Iterator
from pathlib import Path

from starlette.responses import Response, StreamingResponse

CHUNK_BYTES = 64 * 1024
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


def confined(root: Path, relative: str) -> Path | None:
    """The file ``relative`` below ``root``; None: it is not there, or it leads outside (also by a link)."""
    if not relative or "\0" in relative:
        return None
    folder = root.resolve()
    file = (folder / relative).resolve()
    return file if file.is_relative_to(folder) and file.is_file() else None


def audio_response(file: Path, wanted: str | None) -> Response:
    """``wanted``: the Range header. 206 for one range, 416 for one outside the file; several are sent whole."""
    size = file.stat().st_size
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    span = _span(wanted, size)
    if span is None:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    first, last = span
    is_part = wanted is not None and _RANGE.match(wanted) is not None
    if is_part:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    return StreamingResponse(
        _read(file, first, last), status_code=206 if is_part else 200, media_type="audio/wav", headers=headers
    )


def _span(wanted: str | None, size: int) -> tuple[int, int] | None:
    match = _RANGE.match(wanted) if wanted is not None else None
    if match is None:
        return 0, size - 1
    first, last = match.groups()
    if first == "":
        length = int(last or 0)
        return (max(0, size - length), size - 1) if length and size else None
    if int(first) >= size or (last and int(last) < int(first)):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1


def _read(file: Path, first: int, last: int) -> Iterator[bytes]:
    with file.open("rb") as stream:
        stream.seek(first)
        left = last - first + 1
        while left > 0 and (piece := stream.read(min(CHUNK_BYTES, left))):
            left -= len(piece)
            yield piece
