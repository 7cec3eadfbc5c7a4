"""What the audit log keeps of before and after."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from audit.facts import differences, plain
from connections.models import DataverseConnectionSetup
from connections.secrets import Secret


def test_only_what_differs_is_kept() -> None:
    before = {"name": "CUSTOMER", "priority": 10, "gone": 1}
    after = {"name": "CUSTOMER", "priority": 20, "new": None}

    assert differences(before, after) == (
        {"priority": 10, "gone": 1},
        {"priority": 20, "new": None},
    )


def test_a_secret_only_shows_that_it_changed() -> None:
    old, new = Secret.seal("correct horse"), Secret.seal("battery staple")

    changed = differences({"client_secret": old}, {"client_secret": new})
    first = differences({"client_secret": Secret("")}, {"client_secret": new})
    removed = differences({"client_secret": old}, {"client_secret": Secret("")})

    assert changed == ({"client_secret": "set"}, {"client_secret": "replaced"})
    assert first == ({"client_secret": "not set"}, {"client_secret": "set"})
    assert removed == ({"client_secret": "set"}, {"client_secret": "not set"})


def test_the_same_seal_is_no_change() -> None:
    setup = DataverseConnectionSetup(client_secret="correct horse")  # noqa: S106 - of nobody
    again = Secret(setup.client_secret.token)

    assert differences({"x": setup.client_secret}, {"x": again}) == ({}, {})


def test_a_text_with_the_name_of_a_secret_is_none_either() -> None:
    _, after = differences({}, {"password": "correct horse", "nested": {"access_key": "k"}})

    assert after == {"password": "set", "nested": {"access_key": "set"}}


def test_values_are_kept_as_json_holds_them() -> None:
    moment = datetime(2026, 11, 25, 17, tzinfo=UTC)

    assert plain([moment, UUID(int=1), None, True]) == [
        "2026-11-25T17:00:00+00:00",
        "00000000-0000-0000-0000-000000000001",
        None,
        True,
    ]
