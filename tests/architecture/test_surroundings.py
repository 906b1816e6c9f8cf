"""The surroundings that conftest promises to every test."""

import os
import socket

import pytest

from tests.conftest import NetworkForbidden


def test_a_connection_to_another_machine_is_refused() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as outside,
        pytest.raises((NetworkForbidden, AssertionError), match="may not connect"),
    ):
        outside.connect(("192.0.2.1", 80))


def test_a_connection_to_this_machine_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_widgets_need_no_screen() -> None:
    assert os.environ["QT_QPA_PLATFORM"]
