"""dynamics-web-api, the common client in JavaScript, works against the sandbox, unchanged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.running_sandbox import RunningSandbox
from tests.sandbox import node

Client = Callable[[str], Any]


@pytest.fixture(scope="session")
def clients() -> Path:
    return node.installed_clients()


@pytest.fixture
def client(clients: Path, sandbox: RunningSandbox) -> Client:
    sandbox.reset()
    return lambda scenario: node.run(clients, "dynamics_web_api.mjs", scenario, sandbox)


def test_it_learns_who_and_where_it_is(sandbox: RunningSandbox, client: Client) -> None:
    found = client("who")

    who = sandbox.dataverse.get("WhoAmI").json()
    assert found == {"user": who["UserId"], "organization": who["OrganizationId"]}


def test_it_creates_reads_changes_and_deletes_a_record(client: Client) -> None:
    found = client("records")

    assert found["created"] == "Contoso"
    read = found["read"]
    assert (read["name"], read["telephone1"], read["fax"]) == ("Berg & Søn", "2", "3")
    assert found["matched"] == "5"
    assert found["stale"] is False  # its word for 412
    assert found["gone"] == {"status": 404, "code": "0x80040217"}


def test_it_selects_expands_filters_counts_and_links(client: Client) -> None:
    found = client("queries")

    [contact] = found["found"]
    assert contact["contactid"] == found["contact"]
    assert contact["parentcustomerid_account"]["name"] == "Contoso"
    assert contact["_parentcustomerid_value_LogicalName"] == "account"
    assert contact["_parentcustomerid_value_Formatted"] == "Contoso"
    assert contact["createdon"].endswith(".000Z")  # it saw a time and made it one
    assert (found["count"], found["total"]) == (1, 1)
    assert found["back"]["contact_customer_accounts"][0]["lastname"] == "Berg"
    assert (found["linked"], found["unlinked"]) == (found["contact"], None)


def test_it_walks_pages_to_the_end(client: Client) -> None:
    found = client("pages")

    assert found["sizes"] == [10, 10, 5]
    assert found["names"] == [f"Customer {n:04}" for n in range(25)]
    assert found["all"] == 25


def test_it_creates_and_updates_a_thousand_records_in_one_request(client: Client) -> None:
    assert client("bulk") == {"ids": 1000, "changed": 1000, "number": "C0500"}


def test_it_follows_a_feed_of_changes_and_may_replay_it(client: Client) -> None:
    found = client("feed")

    changed, deleted = found["changes"]
    assert found["first"] == 5
    assert (changed["accountid"], changed["name"]) == (found["made"][0], "Changed")
    assert (deleted["id"], deleted["reason"]) == (found["made"][1], "deleted")
    assert (found["again"], found["after"]) == (2, 0)


def test_it_upserts_by_an_alternate_key(client: Client) -> None:
    found = client("keys")

    assert found["created"]["name"] == "First"
    assert found["updated"]["name"] == "Second"
    assert found["created"]["accountid"] == found["updated"]["accountid"]
    assert found["only"] is None  # its word for "exists already"
    assert found["missing"] == {"status": 404, "code": "0x80060891"}


def test_it_sends_batches_and_hears_which_part_failed(client: Client) -> None:
    found = client("batch")

    account, contact, listed = found["good"]
    assert [row["contactid"] for row in listed["value"]] == [contact]
    assert listed["value"][0]["_parentcustomerid_value"] == account
    failed = {"status": 400, "code": "0x80048d19"}
    assert found["bad"][1:] == [failed]
    assert found["kept"] == 2
    assert found["goesOn"][1] == failed
    assert len(found["goesOn"]) == 3
    assert found["total"] == 4


def test_it_reads_metadata(client: Client) -> None:
    found = client("metadata")

    assert found["table"]["EntitySetName"] == "accounts"
    assert "paymenttermscode" in found["optionSets"]
    assert found["csdl"] is True
    assert found["unknown"]["status"] == 404


def test_the_lock_file_names_no_registry() -> None:
    lock = (node.CLIENTS / "package-lock.json").read_text(encoding="utf-8")

    assert "resolved" not in lock
    assert "://" not in lock
