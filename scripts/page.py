"""What the script pane shows for a run: sentences with data filled in, answers, fields, the view, progress.

Decides contents; how they look is the desktop's matter.
"""

from collections.abc import Mapping

import msgspec

from scripts.engine import ScriptRun, can_go_back, item_of, leads_to, node_of, progress
from scripts.model import Answer, Field, Library, View
from scripts.sentences import Part, fill, placeholders, plain


class ShownAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`key`: its place, 1–9 (Alt+1…9). `hint`: where it leads, in a word or two."""

    id: str
    key: int
    text: str
    hint: str


class ShownChoice(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    title: str


class ShownField(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str
    type: str
    choices: tuple[ShownChoice, ...]
    required: bool


class ShownView(msgspec.Struct, frozen=True, kw_only=True):
    """The record view to show. Arguments whose data is missing are left out: the view then shows its list."""

    name: str
    arguments: dict[str, str]
    label: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    path: tuple[str, ...]
    step: int
    steps: int
    say: tuple[Part, ...]
    information: tuple[tuple[Part, ...], ...]
    answers: tuple[ShownAnswer, ...]
    fields: tuple[ShownField, ...]
    view: ShownView | None
    pause_recording: bool
    ends: bool
    can_go_back: bool


def page(library: Library, run: ScriptRun, language: str, data: Mapping[str, str]) -> Page:
    """The page of the node where the run is. Raises ScriptMismatch for a run of another library."""
    node = node_of(library, run)
    step, steps = progress(library, run)
    return Page(
        path=path_titles(library, run.item, language),
        step=step,
        steps=steps,
        say=fill(node.say.of(language), data),
        information=tuple(fill(text.of(language), data) for text in node.information),
        answers=tuple(
            _shown_answer(library, run, key, answer, language, data) for key, answer in enumerate(node.answers, start=1)
        ),
        fields=tuple(_shown_field(field, language) for field in node.fields),
        view=_shown_view(node.view, language, data) if node.view is not None else None,
        pause_recording=node.pause_recording,
        ends=node.ends,
        can_go_back=can_go_back(run),
    )


def path_titles(library: Library, code: str, language: str) -> tuple[str, ...]:
    """배송 › 지연 › 재배송 확인, as a tuple; empty for an unknown code."""
    found = library.find(code)
    return tuple(level.title.of(language) for level in found) if found is not None else ()


def _shown_answer(
    library: Library, run: ScriptRun, key: int, answer: Answer, language: str, data: Mapping[str, str]
) -> ShownAnswer:
    hint = answer.hint.of(language) if answer.hint is not None else ""
    target, _ = leads_to(library, run.item, answer)
    if not hint and target != run.item:
        hint = item_of(library, target).title.of(language)
    return ShownAnswer(id=answer.id, key=key, text=plain(fill(answer.says.of(language), data)), hint=hint)


def _shown_field(field: Field, language: str) -> ShownField:
    choices = tuple(ShownChoice(code=choice.code, title=choice.title.of(language)) for choice in field.choices)
    return ShownField(
        id=field.id, title=field.title.of(language), type=field.type, choices=choices, required=field.required
    )


def _shown_view(view: View, language: str, data: Mapping[str, str]) -> ShownView:
    arguments = {
        name: plain(fill(value, data))
        for name, value in view.arguments.items()
        if all(data.get(placeholder, "").strip() for placeholder in placeholders(value))
    }
    label = plain(fill(view.label.of(language), data)) if view.label is not None else ""
    return ShownView(name=view.name, arguments=arguments, label=label)
