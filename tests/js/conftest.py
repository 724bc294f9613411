"""What the tests of the front end's arithmetic share: no browser, one Deno."""

from collections.abc import Iterator

import pytest

from tests.js.engine import Deno, Engine


@pytest.fixture(scope="session")
def deno() -> Iterator[Deno]:
    started = Deno()
    yield started
    started.close()


@pytest.fixture(scope="module")
def engine(deno) -> Engine:
    """Runs scripts that import the widgets' modules, such as "/engine/nn.js"."""
    return Engine(deno)
