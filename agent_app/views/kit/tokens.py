"""Colours, sizes and radii of the desktop, in both themes: the only place where a colour is written.

Decides what "warning" looks like; does not decide when something is a warning (view-models do).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal

Tone = Literal["neutral", "accent", "ready", "warning", "alarm", "after_call"]
ThemeName = Literal["light", "dark"]

TONES: Final[tuple[Tone, ...]] = ("neutral", "accent", "ready", "warning", "alarm", "after_call")

# Type, in device-independent pixels.
BASE_PX: Final = 13
LABEL_PX: Final = 12
SMALL_PX: Final = 11
SENTENCE_PX: Final = 16
NAME_PX: Final = 16
TILE_PX: Final = 25

# Space: an 8 px grid, 4 inside chips.
GRID: Final = 8
CARD_RADIUS: Final = 10
CONTROL_RADIUS: Final = 8
CHIP_RADIUS: Final = 6
PAGE_MARGIN: Final = 14
COLUMN_GAP: Final = 11


@dataclass(frozen=True, slots=True)
class Tokens:
    """One theme. A tone has an ink (text, icon) and a tint (the ground it stands on)."""

    ground: str
    card: str
    raised: str
    border: str
    neutral: str
    text: str
    muted: str
    accent: str
    accent_tint: str
    ready: str
    ready_tint: str
    warning: str
    warning_tint: str
    alarm: str
    alarm_tint: str
    after_call: str
    after_call_tint: str
    on_fill: str  # text on accent, ready or after-call used as a filled ground
    danger_fill: str
    on_danger: str
    disabled_fill: str
    on_disabled: str
    shadow: str

    def ink(self, tone: Tone) -> str:
        return self.muted if tone == "neutral" else str(getattr(self, tone))

    def tint(self, tone: Tone) -> str:
        return self.neutral if tone == "neutral" else str(getattr(self, f"{tone}_tint"))


LIGHT: Final = Tokens(
    ground="#F4F5F7",
    card="#FFFFFF",
    raised="#F9FAFB",
    border="#E2E5EA",
    neutral="#EDEFF2",
    text="#1B2330",
    muted="#5A6473",
    accent="#1D5BD0",
    accent_tint="#E8F0FE",
    ready="#0B7A3B",
    ready_tint="#E5F5EC",
    warning="#8F5200",
    warning_tint="#FFF3DC",
    alarm="#B3211B",
    alarm_tint="#FDEBEA",
    after_call="#6338B8",
    after_call_tint="#F0EAFC",
    on_fill="#FFFFFF",
    danger_fill="#C4251D",
    on_danger="#FFFFFF",
    disabled_fill="#9DB4E8",
    on_disabled="#FFFFFF",
    shadow="#1B2330",
)

DARK: Final = Tokens(
    ground="#12161C",
    card="#1B212A",
    raised="#202733",
    border="#2C3440",
    neutral="#2A323E",
    text="#E7EBF0",
    muted="#9AA6B5",
    accent="#7FB0FF",
    accent_tint="#1E3355",
    ready="#5FD98F",
    ready_tint="#16382A",
    warning="#FFC65C",
    warning_tint="#3B2E12",
    alarm="#FF8F87",
    alarm_tint="#42201F",
    after_call="#B99CFF",
    after_call_tint="#31264E",
    on_fill="#10151C",
    danger_fill="#C4251D",
    on_danger="#FFFFFF",
    disabled_fill="#40597F",
    on_disabled="#12161C",
    shadow="#000000",
)

THEMES: Final[dict[ThemeName, Tokens]] = {"light": LIGHT, "dark": DARK}


def text_pairs(tokens: Tokens) -> list[tuple[str, str, str]]:
    """Every (what, ink, ground) that a view may put together; the contrast test walks this list."""
    pairs = [
        (f"{ink} on {ground}", getattr(tokens, ink), getattr(tokens, ground))
        for ink in ("text", "muted")
        for ground in ("ground", "card", "raised", "neutral")
    ]
    for tone in TONES:
        if tone != "neutral":
            pairs.append((f"{tone} on its tint", tokens.ink(tone), tokens.tint(tone)))
            pairs.append((f"text on {tone} tint", tokens.text, tokens.tint(tone)))
            pairs.append((f"muted on {tone} tint", tokens.muted, tokens.tint(tone)))
            pairs += [(f"{tone} on {g}", tokens.ink(tone), getattr(tokens, g)) for g in ("ground", "card", "raised")]
    pairs += [(f"fill {name}", tokens.on_fill, getattr(tokens, name)) for name in ("accent", "ready", "after_call")]
    pairs.append(("fill danger", tokens.on_danger, tokens.danger_fill))
    return pairs


def colour_names() -> list[str]:
    return [field.name for field in fields(Tokens)]


def contrast(ink: str, ground: str) -> float:
    """WCAG 2.1 contrast ratio of two #RRGGBB colours, 1 to 21."""
    lighter, darker = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
