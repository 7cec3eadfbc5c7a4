"""The addresses that say whether the console lives and is ready, to whatever watches it."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("address", "word"), [("/livez", "live\n"), ("/readyz", "ready\n")])
def test_nobody_has_to_sign_in_and_nobody_learns_more(
    client: Client, address: str, word: str
) -> None:  # C-3302
    answer = client.get(address)

    assert (answer.status_code, answer.content.decode()) == (200, word)
    assert answer.headers["Content-Type"] == "text/plain"
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies


def test_without_its_database_the_console_lives_and_is_not_ready(client: Client) -> None:
    with patch.object(connection, "cursor", side_effect=OperationalError("host db.internal")):
        live, ready = client.get("/livez"), client.get("/readyz")

    assert live.status_code == 200
    assert (ready.status_code, ready.content.decode()) == (503, "not ready\n")


def test_a_probe_changes_nothing(client: Client) -> None:
    assert client.post("/readyz").status_code == 405
