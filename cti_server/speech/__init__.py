"""Prompts and robots' sentences as sound, rendered ahead of time by pyttsx3 and espeak-ng in a process of its own."""

from cti_server.speech.rendering import (
    RenderReport,
    SpeechFailed,
    SpeechUnavailable,
    Utterance,
    render,
    render_prompts,
    render_utterances,
)

__all__ = [
    "RenderReport",
    "SpeechFailed",
    "SpeechUnavailable",
    "Utterance",
    "render",
    "render_prompts",
    "render_utterances",
]
