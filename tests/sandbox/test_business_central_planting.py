"""Rows are planted in Business Central as if they had been written, only faster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox import identities
from sandbox.business_central import base
from sandbox.business_central.planting import plant
from sandbox.business_central.reading import PAGE
from sandbox.business_central.service import BusinessCentral
from sandbox.http import Call
from sandbox.store import BUSINESS_CENTRAL, Store

ROOT = f"/v2.0/{identities.TENANT}/{identities.ENVIRONMENT}/api/integration/sales/v1.0"
COMPANY = f"{ROOT}/companies({identities.BC_COMPANY_ID})"


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[BusinessCentral]:
    store = Store(tmp_path / "sandbox.db")
    environment = BusinessCentral(store)
    base.plant(environment)
    yield environment
    store.connection.close()


def ask(environment: BusinessCentral, path: str, query: str = "", body: Any = None) -> Any:
    method = "GET" if body is None else "POST"
    call = Call(method, f"{COMPANY}/{path}", query, {}, b"", "https://bc", identities.CLIENT_ID)
    reply = environment.handle(call, body)
    return json.loads(reply.content())


def test_what_a_row_leaves_out_is_blank(environment: BusinessCentral) -> None:
    at = datetime(2025, 2, 1, 10, 20, 30, 557000, tzinfo=UTC)

    plant(environment, "customers", [{"number": "C00010", "city": None}], at=at)

    [record] = ask(environment, "customers")["value"]
    assert (record["number"], record["city"], record["blocked"]) == ("C00010", "", "_x0020_")
    assert record["lastModifiedDateTime"] == "2025-02-01T10:20:30.557Z"
    assert record["systemCreatedAt"] == "2025-02-01T10:20:30.557Z"


def test_a_row_may_bring_its_id_and_its_times(environment: BusinessCentral) -> None:
    row = {
        "id": "11111111-2222-4333-8444-555555555555",
        "number": "C00010",
        "lastModifiedDateTime": "2024-12-24T18:00:00.000Z",
    }

    plant(environment, "customers", [row])

    [record] = ask(environment, "customers")["value"]
    assert {name: record[name] for name in row} == row


def test_every_row_has_a_version_and_an_author_of_its_own(environment: BusinessCentral) -> None:
    plant(environment, "customers", [{"number": f"C{n}"} for n in range(3)], by="somebody")

    rows = environment.store.select(
        BUSINESS_CENTRAL, environment.tables["customers"], ["__version", "__by"]
    )
    assert len({row["__version"] for row in rows}) == 3
    assert {row["__by"] for row in rows} == {"somebody"}


def test_documents_keep_their_type(environment: BusinessCentral) -> None:
    plant(environment, "salesOrders", [{"number": "S-ORD101001"}])
    plant(environment, "salesQuotes", [{"number": "S-QUO1001"}])

    assert [row["documentType"] for row in ask(environment, "salesOrders")["value"]] == ["Order"]
    assert [row["documentType"] for row in ask(environment, "salesQuotes")["value"]] == ["Quote"]


def test_a_column_that_does_not_exist_is_named(environment: BusinessCentral) -> None:
    with pytest.raises(ValueError, match="customers has no \\['shoeSize'\\]"):
        plant(environment, "customers", [{"number": "C00010", "shoeSize": 43}])

    assert ask(environment, "customers")["value"] == []


def test_number_series_go_on_behind_planted_rows(environment: BusinessCentral) -> None:
    ask(environment, "customers", body={"displayName": "First"})
    plant(environment, "customers", [{"number": "C00200"}, {"number": "CONTOSO"}])

    made = ask(environment, "customers", body={"displayName": "Next"})

    assert made["number"] == "C00210"


def test_the_largest_page_holds_twenty_thousand_rows(environment: BusinessCentral) -> None:
    plant(environment, "customers", ({"number": f"C{n:05}0"} for n in range(PAGE + 1)))

    first = ask(environment, "customers", "$select=number&$count=true")
    second = ask(environment, "customers", first["@odata.nextLink"].partition("?")[2])

    assert (len(first["value"]), first["@odata.count"]) == (20_000, 20_001)
    assert [row["number"] for row in second["value"]] == [f"C{PAGE:05}0"]
    assert "@odata.nextLink" not in second


def test_what_is_always_there_is_planted_once(environment: BusinessCentral) -> None:
    base.plant(environment)

    assert len(ask(environment, "marketingSetup")["value"]) == 1
