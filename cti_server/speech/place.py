"""Where the rendered prompts are: beside their texts, put there by the launcher before a server starts."""

from ivr.loader import PROMPTS

RENDERED = PROMPTS / "rendered"
"""Holds `<language>/<id>.wav`; `./ieum prompts` fills it."""
