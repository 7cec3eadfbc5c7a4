"""Tables and columns of Sales are called what Dynamics 365 Sales calls them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import schema
from sandbox.labels import derived
from tests.running_sandbox import Caller, RunningSandbox

AL_NAMES = ("Enum", "UoM", "EMail", "_")


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    return sandbox.dataverse


def told(label: dict[str, Any]) -> str:
    return str(label["UserLocalizedLabel"]["Label"])


@pytest.mark.parametrize(
    ("table", "one", "many"),
    [
        ("account", "Account", "Accounts"),
        ("contact", "Contact", "Contacts"),
        ("transactioncurrency", "Currency", "Currencies"),
        ("systemuser", "User", "Users"),
        ("uomschedule", "Unit Group", "Unit Groups"),
        ("uom", "Unit", "Units"),
        ("product", "Product", "Products"),
        ("pricelevel", "Price List", "Price Lists"),
        ("productpricelevel", "Price List Item", "Price List Items"),
        ("opportunity", "Opportunity", "Opportunities"),
        ("invoice", "Invoice", "Invoices"),
        ("salesorder", "Order", "Orders"),
    ],
)
def test_a_table_is_called_what_people_call_it(
    call: Caller, table: str, one: str, many: str
) -> None:
    item = call.get(f"EntityDefinitions(LogicalName='{table}')").json()

    assert (told(item["DisplayName"]), told(item["DisplayCollectionName"])) == (one, many)


@pytest.mark.parametrize(
    ("table", "column", "label"),
    [
        ("account", "name", "Account Name"),
        ("account", "emailaddress1", "Email"),
        ("account", "paymenttermscode", "Payment Terms"),
        ("account", "transactioncurrencyid", "Currency"),
        ("account", "address1_city", "Address 1: City"),
        ("account", "address1_freighttermscode", "Address 1: Freight Terms"),
        ("account", "creditlimit", "Credit Limit"),
        ("account", "creditlimit_base", "Credit Limit (Base)"),
        ("account", "ownerid", "Owner"),
        ("account", "statecode", "Status"),
        ("contact", "parentcustomerid", "Company Name"),
        ("transactioncurrency", "isocurrencycode", "Currency Code"),
        ("product", "productnumber", "Product ID"),
        ("product", "defaultuomscheduleid", "Unit Group"),
        ("productpricelevel", "pricelevelid", "Price List"),
        ("opportunity", "name", "Topic"),
        ("systemuser", "internalemailaddress", "Primary Email"),
        ("salesorder", "shipto_postalcode", "Ship To ZIP/Postal Code"),
        ("salesorder", "bcbi_companyid", "Company Id"),
    ],
)
def test_a_column_is_called_what_people_call_it(
    call: Caller, table: str, column: str, label: str
) -> None:
    path = f"EntityDefinitions(LogicalName='{table}')/Attributes(LogicalName='{column}')"

    assert told(call.get(path).json()["DisplayName"]) == label


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("CreatedOn", "Created On"),
        ("Address2_Telephone1", "Address 2: Phone"),
        ("FreightTermsCodeEnum", "Freight Terms"),
        ("UTCConversionTimeZoneCode", "UTC Conversion Time Zone"),
        ("IsKit", "Is Kit"),
        ("Fax", "Fax"),
        ("Id", "Id"),
    ],
)
def test_what_no_book_names_is_called_what_its_name_says(name: str, label: str) -> None:
    assert derived(name) == label


def test_no_column_is_called_by_a_developers_name() -> None:
    named = {
        (table.name, column.name): column.label
        for table in schema.dataverse().values()
        for column in table.columns.values()
    }

    assert [key for key, label in named.items() if not label] == []
    odd = {k: v for k, v in named.items() if any(name in v for name in AL_NAMES)}
    assert odd == {}


def test_navigation_properties_keep_their_schema_names(call: Caller) -> None:
    """A label is for people; what binds a lookup is a name of the schema."""
    described = call.get(
        "EntityDefinitions(LogicalName='account')/ManyToOneRelationships"
        "?$filter=ReferencingAttribute eq 'bcbi_companyid'"
    ).json()["value"]

    assert [item["ReferencingEntityNavigationPropertyName"] for item in described] == [
        "bcbi_CompanyId"
    ]


def test_prices_tell_how_exact_and_how_large_they_are(call: Caller) -> None:
    path = (
        "EntityDefinitions(LogicalName='product')/Attributes(LogicalName='price')"
        "/Microsoft.Dynamics.CRM.MoneyAttributeMetadata"
    )
    item = call.get(path).json()

    assert (item["MinValue"], item["MaxValue"], item["Precision"]) == (0, 1_000_000_000_000, 2)
