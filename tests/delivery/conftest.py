from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.delivery.servers import Post, Web, running


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    with running(server):
        yield server


@pytest.fixture
def post() -> Iterator[Post]:
    server = Post()
    with running(server):
        yield server
