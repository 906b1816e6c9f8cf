"""The catalogue of codes is complete: whatever the server can say is in it, with its parameters, and nothing else."""

import ast
from collections.abc import Iterator
from pathlib import Path

from cti_server.core.availability import Exclusion
from cti_server.core.fairness import Why
from cti_server.core.routing import LEVEL_FIRST, NAMED
from cti_server.core.vocabulary import NamedBy, NamedEnd, OfferOutcome, QueueExit, RaisedBy, Strategy
from cti_server.wire.codes import DENIALS, EXPLAINED, NOTICES, OFFER_OUTCOMES, REFUSALS, SHARE_REASONS

SERVER = Path(__file__).parents[2] / "cti_server"
ENGINE_AND_ASKS = {
    "overloaded",
    "store_unavailable",
    "internal_error",
    "unavailable",
    "not_allowed",
    "too_many_requests",
    "not_recorded",
    "too_slow",
}
"""Said as ``code=…`` in a reply or an answer, and not by raising; the last two by the web process."""


def calls(name: str, *folders: str) -> Iterator[ast.Call]:
    for folder in folders:
        for file in sorted((SERVER / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name:
                    yield node


def raised() -> dict[str, set[str]]:
    """Parameters by code of every ``Refused("…")`` that a desktop can get."""
    found: dict[str, set[str]] = {}
    for call in calls("Refused", "core", "engine", "gateway", "customers"):
        code = call.args[0]
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            found.setdefault(code.value, set()).update(keyword.arg or "" for keyword in call.keywords)
    return found


def said(name: str, keyword: str) -> set[str]:
    values = [k.value for call in calls(name, "gateway") for k in call.keywords if k.arg == keyword]
    return {value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)}


def test_every_refusal_is_in_the_catalogue_with_its_parameters() -> None:
    found = raised()
    assert len(found) > 20
    assert {
        code: names - set(REFUSALS.get(code, ("?",))) for code, names in found.items() if code not in REFUSALS
    } == {}
    for code, names in found.items():
        assert names <= set(REFUSALS[code]), code


def test_the_catalogue_names_no_refusal_that_nobody_makes() -> None:
    assert set(REFUSALS) == set(raised()) | ENGINE_AND_ASKS


def test_denials_notices_and_outcomes_are_those_of_the_gateway() -> None:
    denials = {c.args[0].value for c in calls("NotLetIn", "gateway") if c.args and isinstance(c.args[0], ast.Constant)}
    assert {str(code) for code in denials} <= set(DENIALS)
    assert said("_notice", "code") | said("Notice", "code") == set(NOTICES)
    assert set(OFFER_OUTCOMES) == {outcome.value for outcome in OfferOutcome}


def test_whatever_is_told_about_the_past_has_its_code() -> None:
    """An event that ends a run of time may stay without words; a rule, a reason or an outcome may not."""
    wanted = {f"rule.{rule}" for rule in (*Strategy, NAMED, LEVEL_FIRST)}
    wanted |= {f"{kind}.{rule}" for kind in ("reason", "count") for rule in Exclusion}
    wanted |= {f"because.{why}" for why in (*RaisedBy, *NamedEnd)}
    wanted |= {f"left.{how}" for how in QueueExit}
    wanted |= {f"{kind}.named_{by}" for kind in ("reason", "standing") for by in NamedBy}
    assert wanted - set(EXPLAINED) == set()
    assert set(Why) | {"personal"} == set(SHARE_REASONS)
