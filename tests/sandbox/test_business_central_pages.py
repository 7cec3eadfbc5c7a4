"""Business Central's pages: what they show, how they are asked, and how they say what they are."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from sandbox import schema
from tests.running_sandbox import Caller, RunningSandbox

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
CITIES = ("Oslo", "Bergen", "Molde", "Narvik", "Hamar")
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module", autouse=True)
def company(sandbox: RunningSandbox) -> None:
    """Twenty-five customers in five cities."""
    sandbox.reset()
    sandbox.bc_standard.post("currencies", json={"code": "NOK", "displayName": "Norwegian krone"})
    for number in range(25):
        body = {"displayName": f"Customer {number}", "city": CITIES[number % 5]}
        if number == 7:
            body |= {"currencyCode": "nok ", "blocked": "Ship"}
        answer = sandbox.bc.post("customers", json=body)
        assert answer.status_code == 201, answer.text


def numbers(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [record["number"] for record in answer.json()["value"]]


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def root(caller: Caller) -> str:
    return caller.root.split("/companies(")[0]


@pytest.mark.parametrize("route", [schema.STANDARD, schema.CUSTOM])
def test_every_page_of_a_route_is_listed_and_answers(sandbox: RunningSandbox, route: str) -> None:
    caller = sandbox.bc_standard if route == schema.STANDARD else sandbox.bc

    listed = caller.get(root(caller)).json()["value"]

    own = {name for own_route, name in schema.business_central()[1] if own_route == route}
    assert {entry["name"] for entry in listed} == own | {"companies"}
    for entry in listed:
        name = entry["name"]
        assert caller.get(f"{root(caller)}/companies" if name == "companies" else name).ok


def test_metadata_names_types_lengths_and_members(sandbox: RunningSandbox) -> None:
    answer = sandbox.bc.get(f"{root(sandbox.bc)}/$metadata")

    tree = ElementTree.fromstring(answer.content)  # noqa: S314 - the sandbox's own
    assert tree.find(f".//{EDM}Schema").get("Namespace") == "Microsoft.NAV"  # type: ignore[union-attr]
    [customer] = tree.findall(f".//{EDM}EntityType[@Name='customer']")
    properties = {found.get("Name"): found for found in customer.findall(f"{EDM}Property")}
    assert properties["displayName"].attrib["MaxLength"] == "100"
    assert properties["creditLimit"].attrib["Type"] == "Edm.Decimal"
    assert properties["lastModifiedDateTime"].attrib["Type"] == "Edm.DateTimeOffset"
    blocked = properties["blocked"].attrib["Type"]
    members = tree.findall(f".//{EDM}EnumType[@Name='{blocked.removeprefix('Microsoft.NAV.')}']/*")
    assert [member.get("Name") for member in members] == ["_x0020_", "Ship", "Invoice", "All"]
    sets = {found.get("Name") for found in tree.findall(f".//{EDM}EntitySet")}
    assert {"customers", "companies", "salesOrders"} <= sets
    assert tree.findall(f".//{EDM}Action[@Name='release']")


def test_metadata_says_which_fields_cannot_be_edited(sandbox: RunningSandbox) -> None:
    answer = sandbox.bc.get(f"{root(sandbox.bc)}/$metadata")

    tree = ElementTree.fromstring(answer.content)  # noqa: S314 - the sandbox's own
    [customer] = tree.findall(f".//{EDM}EntityType[@Name='customer']")
    fixed = f"{EDM}Property/{EDM}Annotation[@Term='NAV.AllowEdit']/.."
    names = {found.get("Name") for found in customer.findall(fixed)}
    assert {"id", "number", "creditLimit", "lastModifiedDateTime"} <= names
    assert "displayName" not in names


def test_a_company_is_addressed_by_id_or_as_an_option(sandbox: RunningSandbox) -> None:
    base = root(sandbox.bc)
    [own] = sandbox.bc.get(f"{base}/companies").json()["value"]

    answers = [
        sandbox.bc.get("customers/$count"),
        sandbox.bc.get(f"{base}/customers/$count?company={own['id']}"),
        sandbox.bc.get(f"{base}/customers/$count?company={quote(own['name'])}"),
        sandbox.bc.get(f"{base}/companies(name='{own['name']}')/customers/$count"),
    ]

    assert [answer.text for answer in answers] == ["25"] * 4
    assert sandbox.bc.get(f"{base}/companies({own['id']})").json()["name"] == own["name"]


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        (
            "companies(11111111-2222-4333-8444-555555555555)/customers",
            404,
            "Internal_CompanyNotFound",
        ),
        ("customers?company=Nowhere", 404, "Internal_CompanyNotFound"),
        ("customers", 400, "BadRequest_InvalidRequestUrl"),
    ],
)
def test_a_company_that_is_not_there_is_refused(
    sandbox: RunningSandbox, path: str, status: int, expected: str
) -> None:
    assert code(sandbox.bc.get(f"{root(sandbox.bc)}/{path}")) == (status, expected)


def test_an_unknown_environment_tenant_or_page_is_refused(sandbox: RunningSandbox) -> None:
    wrong = root(sandbox.bc).replace("/sandbox/", "/production/")

    assert code(sandbox.bc.get(f"{wrong}/companies")) == (404, "NoEnvironment")
    assert code(sandbox.bc.get("wizards")) == (404, "BadRequest_ResourceNotFound")
    assert code(sandbox.bc.get("customers(x)")) == (400, "BadRequest_NotFound")
    assert code(sandbox.bc.get("customerStatistics/wizards")) == (
        404,
        "BadRequest_ResourceNotFound",
    )


def test_a_record_is_read_by_id_and_by_its_key(sandbox: RunningSandbox) -> None:
    by_key = sandbox.bc.get("customers(number='c00080')").json()

    by_id = sandbox.bc.get(f"customers({by_key['id']})").json()

    assert by_id == by_key
    assert by_id["displayName"] == "Customer 7"
    assert by_id["@odata.context"].endswith("/customers/$entity")


def test_empty_fields_are_never_null(sandbox: RunningSandbox) -> None:
    record = sandbox.bc_standard.get("customers(number='C00010')").json()

    assert None not in record.values()
    assert record["website"] == ""
    assert record["taxAreaId"] == NOBODY
    assert record["blocked"] == "_x0020_"
    assert record["balanceDue"] == 0
    assert record["taxLiable"] is False
    assert record["lastModifiedDateTime"][-5:-4] == "."  # milliseconds


def test_an_empty_date_is_the_first_of_all_days(sandbox: RunningSandbox) -> None:
    order = sandbox.bc.post("salesOrders", json={"customerNumber": "C00010"}).json()

    assert order["requestedDeliveryDate"] == "0001-01-01"
    assert order["documentType"] == "Order"


def test_the_local_currency_is_blank_on_our_pages_and_named_on_standard_ones(
    sandbox: RunningSandbox,
) -> None:
    keys = ("customers(number='C00010')", "customers(number='C00080')")

    own = [sandbox.bc.get(key).json()["currencyCode"] for key in keys]
    standard = [sandbox.bc_standard.get(key).json()["currencyCode"] for key in keys]

    assert own == ["", "NOK"]
    assert standard == ["USD", "NOK"]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("city eq 'Oslo'", 5),
        ("city eq 'oslo'", 0),  # text is compared with its case
        ("tolower(city) eq 'oslo'", 5),
        ("number eq 'c00080'", 1),  # codes are capitals
        ("city ne 'Oslo'", 20),
        ("number gt 'C00200' and number le 'C00230'", 3),
        ("city eq 'Oslo' or city eq 'Bergen'", 10),
        ("(city eq 'Oslo' or city eq 'Bergen') and number lt 'C00100'", 4),
        ("startswith(displayName,'Customer 2')", 6),
        ("endswith(displayName,'4')", 3),
        ("contains(displayName,'mer 1')", 11),
        ("startswith(number,'c0002')", 1),
        ("blocked eq 'Ship'", 1),
        ("blocked eq Microsoft.NAV.customerBlocked'Ship'", 1),
        ("blocked eq '_x0020_'", 24),
        ("blocked eq ' '", 24),
        ("creditLimit eq 0", 25),
        ("currencyCode eq ''", 24),
        ("lastModifiedDateTime gt 2020-01-01T00:00:00Z", 25),
        ("lastModifiedDateTime lt 2020-01-01T00:00:00Z", 0),
        ("not (city eq 'Oslo')", 20),
        ("creditLimit lt 99999999999999999999", 25),
    ],
)
def test_a_filter_finds(sandbox: RunningSandbox, condition: str, count: int) -> None:
    found = numbers(sandbox.bc.get(f"customers?$filter={quote(condition)}"))

    assert len(found) == count
    assert sandbox.bc.get(f"customers/$count?$filter={quote(condition)}").text == str(count)


def test_standard_pages_filter_by_what_they_show(sandbox: RunningSandbox) -> None:
    [krone] = sandbox.bc_standard.get("currencies?$filter=code eq 'NOK'").json()["value"]

    assert numbers(sandbox.bc_standard.get(f"customers?$filter=currencyId eq {krone['id']}")) == [
        "C00080"
    ]
    assert len(numbers(sandbox.bc_standard.get("customers?$filter=currencyCode eq 'USD'"))) == 24


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$filter=city eq 'Oslo' or number eq 'C00010'", "BadRequest"),
        ("$filter=shoeSize eq 43", "BadRequest"),
        ("$filter=creditLimit eq 'much'", "BadRequest"),
        ("$filter=city eq", "BadRequest_NotFound"),
        ("$filter=city in ('Oslo')", "BadRequest_NotFound"),
        ("$filter=lines/any(l: l/x eq 1)", "BadRequest_NotFound"),
        ("$select=shoeSize", "BadRequest"),
        ("$orderby=shoeSize", "BadRequest"),
        ("$orderby=city sideways", "BadRequest_NotFound"),
        ("$expand=shoes", "BadRequest"),
        ("$top=some", "BadRequest_InvalidRequestUrl"),
        ("$apply=aggregate($count as n)", "BadRequest_InvalidRequestUrl"),
        ("$deltatoken=1", "BadRequest_InvalidRequestUrl"),
        ("$skiptoken=x", "BadRequest_NotFound"),
        ("$skiptoken=eyJhZnRlciI6W3t9LHt9XX0", "BadRequest_NotFound"),
        ("$skip=99999999999999999999", "BadRequest_InvalidRequestUrl"),
        ("$top=²", "BadRequest_InvalidRequestUrl"),
        ("$expand=currency($select=code", "BadRequest_NotFound"),
        ("$expand=currency($top=many)", "BadRequest_NotFound"),
        ("$expand=currency($search=x)", "BadRequest_NotFound"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(
    sandbox: RunningSandbox, query: str, expected: str
) -> None:
    assert code(sandbox.bc.get(f"customers?{query}")) == (400, expected)


def test_membership_needs_the_later_schema_version(sandbox: RunningSandbox) -> None:
    query = "$filter=city in ('Oslo','Molde')&$schemaversion=2.1"

    assert len(numbers(sandbox.bc.get(f"customers?{query}"))) == 10


def test_records_are_selected_sorted_and_cut(sandbox: RunningSandbox) -> None:
    query = "$select=number,city&$orderby=city desc,number desc&$top=3&$skip=1&$count=true"

    answer = sandbox.bc.get(f"customers?{query}").json()

    assert answer["@odata.count"] == 25
    assert [record["number"] for record in answer["value"]] == ["C00160", "C00110", "C00060"]
    assert set(answer["value"][0]) == {"@odata.etag", "id", "number", "city"}
    assert answer["@odata.context"].endswith("/customers(number,city)")
    assert "@odata.nextLink" not in answer


def test_names_of_options_may_be_encoded(sandbox: RunningSandbox) -> None:
    assert numbers(sandbox.bc.get("customers?%24top=2&%24orderby=number%20desc")) == [
        "C00250",
        "C00240",
    ]


@pytest.mark.parametrize("order", ["", "&$orderby=city", "&$orderby=city desc,displayName asc"])
def test_pages_show_every_record_once(sandbox: RunningSandbox, order: str) -> None:
    headers = {"Prefer": "odata.maxpagesize=4"}
    answer = sandbox.bc.get(f"customers?$select=number{order}", headers=headers)
    seen, sizes = numbers(answer), [len(numbers(answer))]

    while link := answer.json().get("@odata.nextLink"):
        assert link.startswith(root(sandbox.bc))
        answer = sandbox.bc.get(link, headers=headers)
        seen += numbers(answer)
        sizes.append(len(numbers(answer)))

    assert answer.headers["Preference-Applied"] == "odata.maxpagesize=4"
    assert sizes == [4] * 6 + [1]
    assert sorted(seen) == [f"C{number:05}" for number in range(10, 260, 10)]


def test_a_page_begins_behind_the_last_record_whatever_happened_meanwhile(
    sandbox: RunningSandbox,
) -> None:
    headers = {"Prefer": "odata.maxpagesize=2"}
    first = sandbox.bc.get("vendors", headers=headers).json()
    assert first["value"] == []
    for name in "ABCDE":
        sandbox.bc.post("vendors", json={"displayName": name})
    first = sandbox.bc.get("vendors", headers=headers).json()

    gone = f"vendors({first['value'][0]['id']})"
    sandbox.bc.delete(gone, headers={"If-Match": "*"})
    second = sandbox.bc.get(first["@odata.nextLink"], headers=headers)

    assert numbers(second) == ["V00030", "V00040"]


def test_top_reaches_over_pages(sandbox: RunningSandbox) -> None:
    headers = {"Prefer": "odata.maxpagesize=4"}
    first = sandbox.bc.get("customers?$top=6", headers=headers)

    second = sandbox.bc.get(first.json()["@odata.nextLink"], headers=headers)

    assert (len(numbers(first)), len(numbers(second))) == (4, 2)
    assert "@odata.nextLink" not in second.json()


def test_related_records_are_expanded_and_reached_by_path(sandbox: RunningSandbox) -> None:
    query = "$select=number&$expand=currency($select=code)&$filter=number eq 'C00080'"
    [customer] = sandbox.bc_standard.get(f"customers?{query}").json()["value"]

    by_path = sandbox.bc_standard.get(f"customers({customer['id']})/currency").json()

    assert customer["currency"]["code"] == by_path["code"] == "NOK"


def test_an_order_is_expanded_with_its_lines(sandbox: RunningSandbox) -> None:
    order = sandbox.bc.post("salesOrders", json={"customerNumber": "C00020"}).json()
    for text in ("first", "second"):
        body = {"documentNumber": order["number"], "description": text}
        assert sandbox.bc.post("salesOrderLines", json=body).status_code == 201

    expanded = sandbox.bc.get(
        f"salesOrders({order['id']})?$expand=salesOrderLines($select=sequence,description)"
    ).json()

    lines = [(line["sequence"], line["description"]) for line in expanded["salesOrderLines"]]
    assert lines == [(10000, "first"), (20000, "second")]
    below = sandbox.bc.get(f"salesOrders({order['id']})/salesOrderLines").json()["value"]
    assert [line["description"] for line in below] == ["first", "second"]


def test_a_page_keeps_its_fixed_filter(sandbox: RunningSandbox) -> None:
    order = sandbox.bc.post("salesOrders", json={"customerNumber": "C00030"}).json()

    quotes = sandbox.bc.get("salesQuotes").json()["value"]
    refused = sandbox.bc.patch(
        f"salesOrders({order['id']})", json={"documentType": "Quote"}, headers={"If-Match": "*"}
    )

    assert order["id"] not in [quote_["id"] for quote_ in quotes]
    assert code(refused) == (400, "BadRequest_InvalidOperation")


def test_a_setup_has_one_record_that_stays(sandbox: RunningSandbox) -> None:
    for name in ("marketingSetup", "generalLedgerSetup", "salesReceivablesSetup"):
        [setup] = sandbox.bc.get(name).json()["value"]

        assert code(sandbox.bc.post(name, json={})) == (405, "BadRequest_MethodNotAllowed")
        gone = sandbox.bc.delete(f"{name}({setup['id']})", headers={"If-Match": "*"})
        assert code(gone) == (405, "BadRequest_MethodNotAllowed")


def test_the_switch_of_a_setup_can_be_set(sandbox: RunningSandbox) -> None:
    [setup] = sandbox.bc.get("salesReceivablesSetup").json()["value"]

    answer = sandbox.bc.patch(
        f"salesReceivablesSetup({setup['id']})",
        json={"archiveOrders": True},
        headers={"If-Match": setup["@odata.etag"]},
    )

    assert answer.json()["archiveOrders"] is True


@pytest.mark.parametrize("method", ["PUT", "OPTIONS"])
def test_other_methods_are_not_allowed(sandbox: RunningSandbox, method: str) -> None:
    record = sandbox.bc.get("customers(number='C00010')").json()

    answers = [
        sandbox.bc.request(method, "customers"),
        sandbox.bc.request(method, f"customers({record['id']})", json={}),
    ]

    assert [code(answer) for answer in answers] == [(405, "BadRequest_MethodNotAllowed")] * 2


def test_an_action_that_later_work_brings_is_refused_loudly(sandbox: RunningSandbox) -> None:
    order = sandbox.bc.post("salesOrders", json={"customerNumber": "C00010"}).json()

    known = sandbox.bc.post(f"salesOrders({order['id']})/Microsoft.NAV.release")
    unknown = sandbox.bc.post(f"salesOrders({order['id']})/Microsoft.NAV.dance")

    assert code(known) == (501, "BadRequest_MethodNotImplemented")
    assert code(unknown) == (404, "BadRequest_ResourceNotFound")


def test_the_figures_of_every_customer_are_shown(sandbox: RunningSandbox) -> None:
    customers = sandbox.bc.get("customers?$select=number").json()["value"]

    figures = sandbox.bc.get("customerStatistics?$filter=balance eq 0").json()["value"]

    assert [row["id"] for row in figures] == [row["id"] for row in customers]


def test_a_read_counts_its_rows(sandbox: RunningSandbox) -> None:
    sandbox.forget_stats()

    sandbox.bc.get("customers?$select=number")

    [route] = [row for row in sandbox.stats()["routes"] if row["system"] == "bc"]
    assert route["execution_seconds"] == pytest.approx((20 + 0.05 * 25) / 1000)


def test_without_a_token_nothing_is_shown(sandbox: RunningSandbox) -> None:
    answer = sandbox.bc.get("customers", headers={"Authorization": ""})

    assert code(answer) == (401, "Authentication_InvalidCredentials")
    assert "authorization_uri" in answer.headers["WWW-Authenticate"]
