"""Microsoft's own Python client for Dataverse works against the sandbox, unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.identity import ClientSecretCredential
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models import ExpandOption, UpsertItem
from PowerPlatform.Dataverse.models.filters import col
from PowerPlatform.Dataverse.models.record import QueryResult

from tests.running_sandbox import RunningSandbox

KEY = ("account", "account_number_key", ["accountnumber"])


@pytest.fixture
def client(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataverseClient]:
    env = sandbox.env
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", env["SANDBOX_CA_BUNDLE"])
    sandbox.reset()
    credential = ClientSecretCredential(
        env["SANDBOX_TENANT"],
        env["SANDBOX_CLIENT_ID"],
        env["SANDBOX_CLIENT_SECRET"],
        authority=env["SANDBOX_AUTHORITY"],
        disable_instance_discovery=True,
    )
    with DataverseClient(env["SANDBOX_DATAVERSE_URL"], credential) as client:
        yield client


def numbered(count: int) -> list[dict[str, object]]:
    return [{"name": f"Customer {n:04}", "accountnumber": f"C{n:04}"} for n in range(count)]


def test_a_secret_earns_a_token_for_the_environment(
    sandbox: RunningSandbox, client: DataverseClient
) -> None:
    token = client.auth._acquire_token(f"{sandbox.env['SANDBOX_DATAVERSE_URL']}/.default")

    assert isinstance(token.access_token, str)
    assert AccessToken(token.access_token, 0).token.count(".") == 2


def test_a_record_is_created_read_changed_and_deleted(client: DataverseClient) -> None:
    key = client.records.create("account", {"name": "Berg & Søn", "telephone1": "1"})

    client.records.update("account", key, {"telephone1": "2"})

    found = client.records.retrieve("account", key, select=["name", "telephone1"])
    assert found is not None
    assert (found["name"], found["telephone1"]) == ("Berg & Søn", "2")
    client.records.delete("account", key)
    assert client.records.retrieve("account", key) is None


def test_records_are_selected_expanded_and_filtered(client: DataverseClient) -> None:
    account = client.records.create("account", {"name": "Contoso"})
    client.records.create(
        "contact",
        {"lastname": "Berg", "parentcustomerid_account@odata.bind": f"/accounts({account})"},
    )
    client.records.create("contact", {"lastname": "Dahl"})

    found = (
        client.query.builder("contact")
        .select("lastname", "_parentcustomerid_value")
        .where(col("lastname") == "berg")
        .expand(ExpandOption("parentcustomerid_account").select("name"))
        .include_annotations()
        .execute()
    )

    assert isinstance(found, QueryResult)
    [record] = found.records
    assert record["lastname"] == "Berg"
    assert record["parentcustomerid_account"]["name"] == "Contoso"
    note = "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"
    assert record[note] == "account"


def test_pages_are_walked_to_the_end(client: DataverseClient) -> None:
    client.records.create("account", numbered(25))

    pages = list(
        client.records.list_pages("account", select=["name"], orderby=["name"], page_size=10)
    )

    assert [len(page) for page in pages] == [10, 10, 5]
    names = [record["name"] for page in pages for record in page]
    assert names == [f"Customer {n:04}" for n in range(25)]


def test_a_thousand_records_are_created_updated_and_kept_in_order(client: DataverseClient) -> None:
    ids = client.records.create("account", numbered(1000))

    client.records.update("account", ids, {"telephone1": "7"})

    assert len(set(ids)) == 1000
    found = client.records.retrieve("account", ids[500], select=["accountnumber", "telephone1"])
    assert found is not None
    assert (found["accountnumber"], found["telephone1"]) == ("C0500", "7")


def test_keys_are_declared_and_records_upserted_by_them(client: DataverseClient) -> None:
    made = client.tables.create_alternate_key(*KEY)

    for name in ("First", "Second"):
        items: list[UpsertItem | dict[str, Any]] = [
            UpsertItem(alternate_key={"accountnumber": number}, record={"name": name})
            for number in ("A 1", "O'Neill", "C")
        ]
        client.records.upsert("account", items[:1])
        client.records.upsert("account", items)

    assert [key.status for key in client.tables.get_alternate_keys("account")] == ["Active"]
    found = client.records.list("account", select=["name", "accountnumber"])
    assert sorted((r["accountnumber"], r["name"]) for r in found) == [
        ("A 1", "Second"),
        ("C", "Second"),
        ("O'Neill", "Second"),
    ]
    client.tables.delete_alternate_key("account", made.metadata_id)
    assert client.tables.get_alternate_keys("account") == []


def test_labels_of_options_are_resolved_from_metadata(client: DataverseClient) -> None:
    key = client.records.create("account", {"name": "A", "customertypecode": "Vendor"})

    found = client.records.retrieve("account", key, select=["customertypecode"])

    assert found is not None
    assert found["customertypecode"] == 11


def test_a_change_set_binds_to_what_it_just_made(client: DataverseClient) -> None:
    batch = client.batch.new()
    with batch.changeset() as changes:
        account = changes.records.create("account", {"name": "Contoso"})
        changes.records.create(
            "contact", {"lastname": "Berg", "parentcustomerid_account@odata.bind": account}
        )
        changes.records.update("account", account, {"telephone1": "3"})
    batch.records.list("account", select=["name", "telephone1"])

    result = batch.execute()

    assert not result.has_errors
    assert len(result.entity_ids) == 3
    listed = result.responses[-1].data
    assert listed is not None
    assert [(r["name"], r["telephone1"]) for r in listed["value"]] == [("Contoso", "3")]


@pytest.mark.parametrize(("goes_on", "statuses"), [(False, [204, 400]), (True, [204, 400, 204])])
def test_a_batch_with_a_failing_part_says_which(
    client: DataverseClient, goes_on: bool, statuses: list[int]
) -> None:
    batch = client.batch.new()
    for body in ({"name": "A"}, {"nonsense": 1}, {"name": "C"}):
        batch.records.create("account", body)

    result = batch.execute(continue_on_error=goes_on)

    assert [item.status_code for item in result.responses] == statuses
    assert result.responses[1].error_code == "0x80048d19"


def test_a_failing_change_set_leaves_nothing(client: DataverseClient) -> None:
    batch = client.batch.new()
    with batch.changeset() as changes:
        changes.records.create("account", {"name": "A"})
        changes.records.create("account", {"nonsense": 1})

    result = batch.execute(continue_on_error=True)

    assert [item.status_code for item in result.responses] == [400]
    assert result.responses[0].content_id == "2"
    assert list(client.records.list("account", select=["name"])) == []


def test_many_records_are_deleted_by_a_job(client: DataverseClient) -> None:
    ids = client.records.create("account", numbered(3))

    job = client.records.delete("account", ids[:2])

    assert job is not None
    done = client.records.retrieve("asyncoperation", job, select=["statecode", "statuscode"])
    assert done is not None
    assert (done["statecode"], done["statuscode"]) == (3, 30)
    assert [r["accountid"] for r in client.records.list("account", select=["name"])] == [ids[2]]


def test_tables_columns_and_relationships_are_described(client: DataverseClient) -> None:
    table = client.tables.get("account")

    assert table is not None
    assert table.entity_set_name == "accounts"
    columns = client.tables.list_columns("account", select=["LogicalName", "AttributeType"])
    assert {"name", "creditlimit"} <= {column["LogicalName"] for column in columns}
    assert client.tables.get("nonsense") is None
    assert any(item["LogicalName"] == "contact" for item in client.tables.list())
    bind = client.query.odata_bind("account", "contact", "a1" * 16)
    assert bind == {"primarycontactid@odata.bind": f"/contacts({'a1' * 16})"}


def test_the_service_code_of_a_refusal_reaches_the_caller(client: DataverseClient) -> None:
    with pytest.raises(HttpError) as refusal:
        client.records.create("account", {"name": "x" * 161})

    assert refusal.value.status_code == 400
    assert refusal.value.details["service_error_code"] == "0x80044331"
