"""The plain pages: looking, searching, changing and being refused, as a person would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
import requests

from sandbox import identities
from tests.running_sandbox import RunningSandbox


class Browser:
    """Opens pages and sends forms, as a browser does."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.origin = sandbox.env["SANDBOX_CONTROL_URL"]
        self.session = requests.Session()

    def open(self, path: str) -> requests.Response:
        return self.session.get(f"{self.origin}{path}", timeout=30)

    def send(self, path: str, origin: str | None = None, **fields: Any) -> requests.Response:
        headers = {"Origin": origin or self.origin}
        return self.session.post(f"{self.origin}{path}", fields, headers=headers, timeout=30)

    def change(self, path: str, **fields: Any) -> requests.Response:
        """Open the form of a record, fill fields in and save."""
        return self.send(
            path, **{**inputs(self.open(f"{path}/edit").text), "action": "save", **fields}
        )


def inputs(html: str) -> dict[str, str]:
    """Return what a form sends if nobody touches it."""
    values: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", html):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") != "search" and "name" in attributes:
            values[attributes["name"]] = unescape(attributes.get("value", ""))
    for name, options in re.findall(r'<select name="(\w+)">(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', options)
        values[name] = unescape(chosen[1]) if chosen else ""
    for attributes_, text in re.findall(r"<textarea ([^>]*)>(.*?)</textarea>", html, re.DOTALL):
        name = re.search(r'name="(\w+)"', attributes_)
        assert name is not None
        values[name[1]] = unescape(text).removeprefix("\n")
    return values


@pytest.fixture(scope="module")
def filled(sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    sandbox.reset("cronus")
    yield sandbox
    sandbox.reset("empty")


@pytest.fixture
def browser(filled: RunningSandbox) -> Browser:
    return Browser(filled)


def customer(sandbox: RunningSandbox, number: str) -> dict[str, Any]:
    answer = sandbox.bc.get("customers", params={"$filter": f"number eq '{number}'"})
    row: dict[str, Any] = answer.json()["value"][0]
    return row


def account(sandbox: RunningSandbox, name: str) -> dict[str, Any]:
    answer = sandbox.dataverse.get("accounts", params={"$filter": f"name eq '{name}'"})
    row: dict[str, Any] = answer.json()["value"][0]
    return row


# Looking


def test_home_shows_both_systems(browser: Browser) -> None:
    page = browser.open("/ui/").text

    assert 'href="/ui/bc/customers"' in page
    assert 'href="/ui/sales/account"' in page


def test_a_list_can_be_searched_and_turned_over(browser: Browser) -> None:
    first = browser.open("/ui/bc/customers").text
    second = browser.open("/ui/bc/customers?q=&page=2").text
    found = browser.open("/ui/bc/customers?q=adatum").text

    assert "200 records" in first
    assert "Page 1 of 4" in first
    assert "C00010" in first
    assert "C00010" not in second
    assert "Adatum Corporation" in found
    assert "C00020" not in found


def test_signs_in_a_search_are_taken_as_they_are(browser: Browser) -> None:
    found = browser.open(f"/ui/bc/customers?q={quote('%<script>')}").text

    assert "Nothing found." in found
    assert "<script>" not in found


def test_a_record_shows_its_values_and_leads_to_others(
    browser: Browser, filled: RunningSandbox
) -> None:
    row = account(filled, "Adatum Corporation")

    page = browser.open(f"/ui/sales/account/{row['accountid']}").text

    assert "Customer" in page  # the label of customertypecode 3
    assert f'href="/ui/sales/systemuser/{row["_ownerid_value"]}"' in page
    assert f'href="/ui/sales/transactioncurrency/{identities.BASE_CURRENCY_ID}"' in page


def test_what_records_hold_is_escaped(browser: Browser, filled: RunningSandbox) -> None:
    nasty = "<b onmouseover=alert(1)>\"'&"
    filled.dataverse.post("accounts", {"name": nasty}).raise_for_status()
    row = filled.dataverse.get("accounts?$top=1&$orderby=createdon desc").json()["value"][0]

    pages = [
        browser.open(f"/ui/sales/account{rest}").text
        for rest in ("", f"/{row['accountid']}", f"/{row['accountid']}/edit")
    ]

    assert row["name"] == nasty
    assert not any("<b onmouseover" in page for page in pages)
    assert inputs(pages[2])["name"] == nasty


def test_every_table_has_its_pages(browser: Browser) -> None:
    lists = re.findall(r'href="(/ui/(?:bc|sales)/\w+)"', browser.open("/ui/").text)

    for address in lists:
        page = browser.open(address)
        record = re.search(rf'href="({address}/[0-9a-f-]{{36}})"', page.text)
        assert page.status_code == 200, address
        if record:
            assert browser.open(record[1]).status_code == 200, address
            assert browser.open(f"{record[1]}/edit").status_code == 200, address


@pytest.mark.parametrize(
    "path",
    [
        "/ui/x",
        "/ui/bc/nothing",
        "/ui/bc/customers/no-id",
        f"/ui/bc/customers/{identities.TENANT}",
        "/ui/bc/customers/a/b",
    ],
)
def test_an_address_that_leads_nowhere_says_so(browser: Browser, path: str) -> None:
    answer = browser.open(path)

    assert answer.status_code == 404
    assert "There is no such page" in answer.text


# Links of the real web clients


def test_a_link_of_business_centrals_client_leads_to_the_record(
    browser: Browser, filled: RunningSandbox
) -> None:
    row = customer(filled, "C00020")

    by_number = browser.open(
        "/?company=CRONUS%20International%20Ltd.&page=21&filter=%27No.%27%20IS%20%27C00020%27"
    )
    by_id = browser.open(f"/?company=CRONUS&page=21&filter='SystemId' IS '{row['id'].upper()}'")
    as_list = browser.open("/?company=CRONUS&page=22")

    assert by_number.url.endswith(f"/ui/bc/customers/{row['id']}")
    assert by_id.url == by_number.url
    assert as_list.url.endswith("/ui/bc/customers")


def test_a_link_of_sales_leads_to_the_record(browser: Browser, filled: RunningSandbox) -> None:
    key = account(filled, "Adatum Corporation")["accountid"]

    plain = browser.open(f"/main.aspx?etn=account&pagetype=entityrecord&id={key}")
    braced = browser.open(f"/main.aspx?etn=account&pagetype=entityrecord&id=%7B{key.upper()}%7D")
    as_list = browser.open("/main.aspx?etn=account&pagetype=entitylist")

    assert plain.url.endswith(f"/ui/sales/account/{key}")
    assert braced.status_code == 200
    assert as_list.url.endswith("/ui/sales/account")


def test_a_link_leads_to_no_other_site(browser: Browser) -> None:
    answer = browser.session.get(
        f"{browser.origin}/main.aspx?etn=//evil.example&id=%0d%0aX:y",
        allow_redirects=False,
        timeout=30,
    )

    assert answer.headers["Location"].startswith("/ui/sales/")
    assert "X" not in answer.headers


# Changing


def test_a_person_changes_a_customer(browser: Browser, filled: RunningSandbox) -> None:
    before = customer(filled, "C00030")
    path = f"/ui/bc/customers/{before['id']}"

    answer = browser.change(path, displayName="School of Fine & Applied Art", creditLimit="1234.5")

    after = customer(filled, "C00030")
    assert "Saved." in answer.text
    assert after["displayName"] == "School of Fine & Applied Art"
    assert after["creditLimit"] == 1234.5  # the API only shows it; a person at the card may set it
    assert {n for n in before if before[n] != after[n] and "odata" not in n} == {
        "displayName",
        "creditLimit",
        "lastModifiedDateTime",
    }


def test_a_person_changes_an_account(browser: Browser, filled: RunningSandbox) -> None:
    before = account(filled, "Relecloud")
    path = f"/ui/sales/account/{before['accountid']}"

    answer = browser.change(
        path,
        address1_city="Ōsaka",
        paymenttermscode="2",
        ownerid=f"systemuser:{identities.PERSON_USER_ID}",
    )

    after = account(filled, "Relecloud")
    assert "Saved." in answer.text
    assert (after["address1_city"], after["paymenttermscode"]) == ("Ōsaka", 2)
    assert after["_ownerid_value"] == identities.PERSON_USER_ID
    assert after["_modifiedby_value"] == identities.PERSON_USER_ID  # not the integration user


def test_saving_without_a_change_writes_nothing(browser: Browser, filled: RunningSandbox) -> None:
    before = account(filled, "Trey Research")

    browser.change(f"/ui/sales/account/{before['accountid']}")

    assert account(filled, "Trey Research")["@odata.etag"] == before["@odata.etag"]


def test_a_refusal_is_shown_and_the_form_keeps_what_was_entered(
    browser: Browser, filled: RunningSandbox
) -> None:
    row = customer(filled, "C00040")

    answer = browser.change(
        f"/ui/bc/customers/{row['id']}", paymentTermsCode="NEVER", city="Ski Town"
    )

    assert answer.status_code == 400
    assert 'class="refusal"' in answer.text
    assert "NEVER" in answer.text
    assert inputs(answer.text)["city"] == "Ski Town"
    assert customer(filled, "C00040")["city"] == row["city"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "name"),
        ({"creditlimit": "a lot"}, "creditlimit"),
        ({"transactioncurrencyid": identities.TENANT}, "Does Not Exist"),
        ({"ownerid": "planet:1"}, "ownerid leads to"),
    ],
)
def test_sales_refuses_in_its_own_words(
    browser: Browser, filled: RunningSandbox, fields: dict[str, str], said: str
) -> None:
    row = account(filled, "Trey Research")

    answer = browser.change(f"/ui/sales/account/{row['accountid']}", **fields)

    assert answer.status_code == 400
    assert said in unescape(answer.text)


def test_a_form_that_came_too_late_overwrites_nothing(
    browser: Browser, filled: RunningSandbox
) -> None:
    for path in (
        f"/ui/bc/customers/{customer(filled, 'C00050')['id']}",
        f"/ui/sales/account/{account(filled, 'Trey Research')['accountid']}",
    ):
        form = inputs(browser.open(f"{path}/edit").text) | {"action": "save"}
        name = "addressLine2" if "customers" in path else "address1_line2"
        browser.change(path, **{name: "First"})

        answer = browser.send(path, **(form | {name: "Second"}))

        assert answer.status_code == 400
        assert inputs(browser.open(f"{path}/edit").text)[name] == "First"


def test_a_record_is_made_and_deleted(browser: Browser, filled: RunningSandbox) -> None:
    made = browser.send(
        "/ui/bc/customers/new", action="save", displayName="Newcomer's Nook", type="Company"
    )
    path = made.url.removeprefix(browser.origin).partition("?")[0]
    row = filled.bc.get(f"customers({path.rpartition('/')[2]})").json()
    gone = browser.send(path, action="delete", version=inputs(browser.open(path).text)["version"])

    assert row["displayName"] == "Newcomer's Nook"
    assert row["number"] > "C02000"
    assert gone.url.endswith("/ui/bc/customers")
    assert filled.bc.get(f"customers({row['id']})").status_code == 404


def test_a_contact_in_sales_is_made_for_an_account(
    browser: Browser, filled: RunningSandbox
) -> None:
    parent = account(filled, "Adatum Corporation")["accountid"]

    made = browser.send(
        "/ui/sales/contact/new",
        action="save",
        lastname="Núñez",
        parentcustomerid=f"account:{parent}",
    )

    key = made.url.partition("?")[0].rpartition("/")[2]
    row = filled.dataverse.get(f"contacts({key})").json()
    assert row["_parentcustomerid_value"] == parent


def test_what_may_not_be_deleted_stays(browser: Browser, filled: RunningSandbox) -> None:
    path = f"/ui/sales/transactioncurrency/{identities.BASE_CURRENCY_ID}"

    answer = browser.send(path, action="delete", version=inputs(browser.open(path).text)["version"])

    assert answer.status_code == 400
    assert "cannot be deleted" in answer.text or "can't be deleted" in unescape(answer.text)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_forms_of_other_sites_are_refused(
    browser: Browser, filled: RunningSandbox, origin: str
) -> None:
    row = customer(filled, "C00040")

    answer = browser.send(
        f"/ui/bc/customers/{row['id']}", origin=origin, action="delete", version="1"
    )

    assert answer.status_code == 403
    assert customer(filled, "C00040")["id"] == row["id"]


def test_a_trouble_is_cured_where_it_arose(browser: Browser, filled: RunningSandbox) -> None:
    made = browser.send(
        "/ui/bc/currencyExchangeRates/new",
        action="save",
        currencyCode="XBT",
        startingDate="2025-01-01",
        exchangeRateAmount="1",
        relationalExchangeRateAmount="91000.5",
    )

    rates = filled.bc_standard.get("currencyExchangeRates").json()["value"]
    assert "Saved." in made.text
    assert [r["relationalExchangeRateAmount"] for r in rates if r["currencyCode"] == "XBT"] == [
        91000.5
    ]


def test_what_is_posted_is_only_shown(browser: Browser, filled: RunningSandbox) -> None:
    row = filled.bc.get("postedSalesInvoices?$top=1").json()["value"][0]
    path = f"/ui/bc/postedSalesInvoices/{row['id']}"

    page = browser.open(path).text
    browser.send(path, action="delete", version="1")
    browser.send(path, action="save", version="1", number="1")

    assert ">Edit<" not in page
    assert ">Delete<" not in page
    assert browser.open("/ui/bc/postedSalesInvoices/new").status_code == 404
    after = filled.bc.get(f"postedSalesInvoices({row['id']})").json()
    assert after["@odata.etag"] == row["@odata.etag"]


def test_a_person_edits_a_price_by_hand(browser: Browser, filled: RunningSandbox) -> None:
    query = "productpricelevels?$filter=productnumber eq 'SH-10'"
    [before] = filled.dataverse.get(query).json()["value"]
    path = f"/ui/sales/productpricelevel/{before['productpricelevelid']}"

    saved = browser.change(path, amount="12.5")
    refused = browser.change(path, amount="-1")

    [after] = filled.dataverse.get(query).json()["value"]
    assert "Saved." in saved.text
    assert after["amount"] == 12.5
    assert after["_modifiedby_value"] == identities.PERSON_USER_ID
    assert "0x80044330" in refused.text


def test_a_person_blocks_an_item_and_retires_a_product(
    browser: Browser, filled: RunningSandbox
) -> None:
    [item] = filled.bc.get("items?$filter=number eq '1896-S'").json()["value"]
    [product] = filled.dataverse.get("products?$filter=productnumber eq 'SH-20'").json()["value"]

    blocked = browser.change(f"/ui/bc/items/{item['id']}", blocked="1")
    retired = browser.change(
        f"/ui/sales/product/{product['productid']}", statecode="1", statuscode="2"
    )

    assert "Saved." in blocked.text
    assert "Saved." in retired.text
    assert filled.bc.get(f"items({item['id']})").json()["blocked"] is True
    again = filled.dataverse.get(f"products({product['productid']})").json()
    assert (again["statecode"], again["statuscode"]) == (1, 2)


def test_forms_and_lists_use_the_words_of_each_system(browser: Browser) -> None:
    assert "Relationship Type" in browser.open("/ui/sales/account").text
    assert "Price List Item" in browser.open("/ui/sales/productpricelevel").text
    assert "Base Unit of Measure" in browser.open("/ui/bc/items").text
