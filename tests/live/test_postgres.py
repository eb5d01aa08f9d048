"""A store in a real PostgreSQL: the suite of all stores, and outages."""

import re

import pytest

from cctoolkit.cdr.postgres import Postgres as Database
from tests.postgres import Postgres
from tests.unit.cdr.store_contract import StoreContract

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of this module's own."""
    with Postgres(tmp_path_factory.mktemp("postgres") / "server") as server:
        yield server


class TestPostgres(StoreContract):
    """A database of its own for each test."""

    @pytest.fixture
    def place(self, server):
        return server.url()

    def connect(self, place):
        return Database(place)

    def old_statements(self, text):
        return [re.sub(r"X'([0-9A-F]+)'", r"'\\x\1'", one) for one in super().old_statements(text)]
