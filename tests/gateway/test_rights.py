"""Every command and ask has a row in the rights table, and nobody does what the row does not allow."""

import pytest

from cti_server.gateway.rights import RIGHTS, ROLES, all_bodies, may
from cti_server.wire import client as wire


def test_every_body_that_the_wire_knows_has_a_row_and_no_row_is_for_nothing() -> None:
    assert set(RIGHTS) == set(all_bodies())
    assert len(all_bodies()) == len(set(all_bodies()))


def test_rows_name_roles_that_exist() -> None:
    for roles in RIGHTS.values():
        assert roles
        assert roles <= set(ROLES)


@pytest.mark.parametrize("role", ["reviewer", "administrator", "supervisor"])
def test_only_agents_change_calls(role: str) -> None:
    for body in all_bodies():
        if body.__name__.startswith(("Ask", "Explain", "List", "Load", "Open", "Search")):
            continue
        assert role not in RIGHTS[body], body


def test_a_body_without_a_row_is_refused() -> None:
    class Steal(wire.Body, frozen=True, kw_only=True):
        pass

    assert not may(ROLES, Steal())
    assert may(["agent"], wire.SetReady())
    assert not may([], wire.SetReady())
