from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import run


@pytest.fixture
def closed() -> Iterator[str]:
    """The address of a port nobody listens at."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


@pytest.fixture
def babbling() -> Iterator[str]:
    """The address of a server that answers what is no HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"good morning\r\n\r\n")

        thread = threading.Thread(target=babble, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)


@pytest.mark.parametrize("network", ["closed", "babbling"])
def test_prices_that_cannot_be_fetched(own_home: Path, request: pytest.FixtureRequest, network: str) -> None:
    proxy = request.getfixturevalue(network)
    done = run("prices", "refresh", env={"https_proxy": proxy, "HTTPS_PROXY": proxy, "no_proxy": "", "NO_PROXY": ""})
    assert (done.code, done.stdout) == (1, b"")
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("claude-top: prices unchanged: raw.")
    assert "errno" not in done.stderr.lower()


def test_prices_in_use(own_home: Path) -> None:
    done = run("prices")
    assert done.code == 0 and done.text.startswith("prices: bundled 20") and "\ncontent " in done.text
