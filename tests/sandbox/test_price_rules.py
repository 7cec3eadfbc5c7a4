"""Price lists of Sales and their lines: what their rules fill in and refuse."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import identities
from tests.running_sandbox import Caller, RunningSandbox
from tests.sandbox.rows import base_unit, create, least
from tests.sandbox.test_table_rules import bind, refused, value

INACTIVE = {"statecode": 1, "statuscode": 100002}


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    sandbox.reset()
    return sandbox.dataverse


def other(call: Caller, line: str, table: str) -> str:
    """Return the row of a table that a line points to."""
    column = {"pricelevel": "pricelevelid", "product": "productid", "uom": "uomid"}[table]
    return str(value(call, f"productpricelevels({line})", f"_{column}_value"))


def again(call: Caller, line: str, **changed: Any) -> dict[str, Any]:
    """Return a body with the list, product and unit of a line."""
    return {
        **bind("pricelevelid", "pricelevels", other(call, line, "pricelevel")),
        **bind("productid", "products", other(call, line, "product")),
        **bind("uomid", "uoms", other(call, line, "uom")),
        "amount": 11,
        **changed,
    }


# Lists


def test_a_price_list_is_in_the_base_currency_unless_it_names_one(call: Caller) -> None:
    crown = create(call, "transactioncurrency")
    plain, own = (
        create(call, "pricelevel"),
        create(call, "pricelevel", **bind("transactioncurrencyid", "transactioncurrencies", crown)),
    )

    assert (
        value(call, f"pricelevels({plain})", "_transactioncurrencyid_value")
        == identities.BASE_CURRENCY_ID
    )
    assert value(call, f"pricelevels({own})", "_transactioncurrencyid_value") == crown
    assert value(call, f"pricelevels({own})", "exchangerate") == 7.5


def test_the_currency_of_a_price_list_does_not_change(call: Caller) -> None:
    price_list = create(call, "pricelevel")
    crown = bind(
        "transactioncurrencyid", "transactioncurrencies", create(call, "transactioncurrency")
    )

    assert refused(call.patch(f"pricelevels({price_list})", crown)) == (400, "0x80048d19")


def test_two_price_lists_may_have_one_name(call: Caller) -> None:
    create(call, "pricelevel", name="Retail")

    assert call.post("pricelevels", {"name": "Retail"}).status_code == 204


def test_the_default_price_list_of_a_product_stays_active(call: Caller) -> None:
    product, price_list = create(call, "product"), create(call, "pricelevel")
    path = f"pricelevels({price_list})"
    call.patch(f"products({product})", bind("pricelevelid", "pricelevels", price_list))

    held = call.patch(path, INACTIVE)
    call.patch(f"products({product})", {"pricelevelid@odata.bind": None})

    assert refused(held) == (400, "0x80043b04")
    assert call.patch(path, INACTIVE).status_code == 204


def test_a_price_list_takes_its_lines_along(call: Caller) -> None:
    line = create(call, "productpricelevel")

    assert call.delete(f"pricelevels({other(call, line, 'pricelevel')})").status_code == 204

    assert call.get(f"productpricelevels({line})").status_code == 404


# Lines


def test_a_line_has_what_follows_from_its_list_and_its_product(call: Caller) -> None:
    crown = create(call, "transactioncurrency")
    price_list = create(
        call, "pricelevel", **bind("transactioncurrencyid", "transactioncurrencies", crown)
    )

    line = create(
        call,
        "productpricelevel",
        amount=75.004,
        **bind("pricelevelid", "pricelevels", price_list),
    )

    row = call.get(f"productpricelevels({line})").json()
    product = call.get(f"products({row['_productid_value']})").json()
    assert row["_transactioncurrencyid_value"] == crown
    assert (row["amount"], row["amount_base"]) == (75, 10)
    assert row["_uomscheduleid_value"] == product["_defaultuomscheduleid_value"]
    assert row["productnumber"] == product["productnumber"]
    assert (row["pricingmethodcode"], row["quantitysellingcode"]) == (1, 1)


def test_a_line_follows_the_number_of_its_product(call: Caller) -> None:
    line = create(call, "productpricelevel")
    call.patch(f"products({other(call, line, 'product')})", {"productnumber": "NEW-7"})

    assert value(call, f"productpricelevels({line})", "productnumber") == "NEW-7"


@pytest.mark.parametrize("column", ["pricelevelid", "productid", "uomid"])
def test_a_line_needs_list_product_and_unit(call: Caller, column: str) -> None:
    body = {k: v for k, v in least(call, "productpricelevel").items() if not k.startswith(column)}

    assert refused(call.post("productpricelevels", body)) == (400, "0x80040200")


def test_a_product_has_one_price_a_list_and_unit(call: Caller) -> None:
    line = create(call, "productpricelevel")
    box = create(
        call,
        "uom",
        **bind(
            "uomscheduleid",
            "uomschedules",
            value(call, f"productpricelevels({line})", "_uomscheduleid_value"),
        ),
        **bind("baseuom", "uoms", other(call, line, "uom")),
    )

    twin = call.post("productpricelevels", again(call, line))
    second = call.post("productpricelevels", again(call, line, **bind("uomid", "uoms", box)))
    moved = call.patch(f"productpricelevels({line})", bind("uomid", "uoms", box))

    assert refused(twin) == (400, "0x80043b08")
    assert second.status_code == 204, second.text
    assert refused(moved) == (400, "0x80043b08")


def test_a_price_is_one_of_a_unit_of_the_products_group(call: Caller) -> None:
    stranger = create(call, "uomschedule")
    line = create(call, "productpricelevel")
    unit = bind("uomid", "uoms", base_unit(call, stranger))
    group = bind("uomscheduleid", "uomschedules", stranger)

    made = call.post("productpricelevels", least(call, "productpricelevel") | unit)
    changed = call.patch(f"productpricelevels({line})", unit)
    mixed = call.post("productpricelevels", least(call, "productpricelevel") | group)

    assert refused(made) == (400, "0x80043b14")
    assert refused(changed) == (400, "0x80043b14")
    assert refused(mixed) == (400, "0x80043b16")


def test_a_price_is_in_the_currency_of_its_list(call: Caller) -> None:
    line = create(call, "productpricelevel")
    crown = create(call, "transactioncurrency")
    foreign = bind("transactioncurrencyid", "transactioncurrencies", crown)
    own = bind("transactioncurrencyid", "transactioncurrencies", identities.BASE_CURRENCY_ID)

    made = call.post("productpricelevels", least(call, "productpricelevel") | own)
    changed = call.patch(f"productpricelevels({line})", foreign)

    assert refused(made) == (400, "0x80048d19")  # the list tells; nobody else may
    assert refused(changed) == (400, "0x80048cf6")
    assert call.patch(f"productpricelevels({line})", own).status_code == 204


def test_lines_of_an_inactive_list_stay_as_they_are(call: Caller) -> None:
    line = create(call, "productpricelevel")
    price_list = other(call, line, "pricelevel")
    body = least(call, "productpricelevel") | bind("pricelevelid", "pricelevels", price_list)
    path = f"productpricelevels({line})"
    call.patch(f"pricelevels({price_list})", INACTIVE)

    refusals = [
        refused(call.post("productpricelevels", body)),
        refused(call.patch(path, {"amount": 12})),
        refused(call.delete(path)),
    ]
    call.patch(f"pricelevels({price_list})", {"statecode": 0, "statuscode": 100001})

    assert refusals == [(400, "0x80043b09")] * 3
    assert call.post("productpricelevels", body).status_code == 204
    assert call.patch(path, {"amount": 12}).status_code == 204
    assert call.delete(path).status_code == 204


def test_a_list_may_begin_inactive(call: Caller) -> None:
    price_list = create(call, "pricelevel", statuscode=100002)
    body = least(call, "productpricelevel") | bind("pricelevelid", "pricelevels", price_list)

    assert value(call, f"pricelevels({price_list})", "statecode") == 1
    assert refused(call.post("productpricelevels", body)) == (400, "0x80043b09")


def test_a_retired_product_gets_no_new_price_but_keeps_those_it_has(call: Caller) -> None:
    line = create(call, "productpricelevel")
    product = other(call, line, "product")
    for body in ({"statecode": 0, "statuscode": 1}, {"statecode": 1, "statuscode": 2}):
        assert call.patch(f"products({product})", body).status_code == 204
    new = again(call, line, **bind("pricelevelid", "pricelevels", create(call, "pricelevel")))

    assert refused(call.post("productpricelevels", new)) == (400, "0x80061009")
    assert call.patch(f"productpricelevels({line})", {"amount": 3}).status_code == 204


def test_a_product_family_has_no_price(call: Caller) -> None:
    family = create(call, "product", productstructure=2)
    unit = value(call, f"products({family})", "_defaultuomid_value")
    body = least(call, "productpricelevel")
    body |= bind("productid", "products", family) | bind("uomid", "uoms", unit)

    assert refused(call.post("productpricelevels", body)) == (400, "0x8004F902")


def test_no_price_is_negative(call: Caller) -> None:
    line = create(call, "productpricelevel")

    made = call.post("productpricelevels", least(call, "productpricelevel") | {"amount": -1})

    assert refused(made) == (400, "0x80044330")
    assert refused(call.patch(f"productpricelevels({line})", {"amount": -0.01})) == (
        400,
        "0x80044330",
    )


def test_a_percentage_is_one_of_a_price_in_the_same_currency(call: Caller) -> None:
    crown = create(call, "transactioncurrency")
    body = least(call, "productpricelevel") | {"pricingmethodcode": 2, "percentage": 90}
    foreign = create(
        call, "pricelevel", **bind("transactioncurrencyid", "transactioncurrencies", crown)
    )

    without = call.post("productpricelevels", body | {"percentage": None})
    abroad = call.post("productpricelevels", body | bind("pricelevelid", "pricelevels", foreign))

    assert refused(without) == (400, "0x80043b0c")
    assert refused(abroad) == (400, "0x80048cf9")
    assert call.post("productpricelevels", body).status_code == 204


def test_prices_come_by_the_thousand(call: Caller) -> None:
    price_list = bind("pricelevelid", "pricelevels", create(call, "pricelevel"))
    group = create(call, "uomschedule")
    unit = base_unit(call, group)
    units = bind("defaultuomscheduleid", "uomschedules", group)
    units |= bind("defaultuomid", "uoms", unit)
    kind = {"@odata.type": "Microsoft.Dynamics.CRM.product", "quantitydecimal": 2, **units}
    targets = [kind | {"name": f"P{n}", "productnumber": f"P{n}"} for n in range(1000)]

    made = call.post("products/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets})
    line = {"@odata.type": "Microsoft.Dynamics.CRM.productpricelevel", "amount": 5, **price_list}
    lines = [
        line | bind("productid", "products", key) | bind("uomid", "uoms", unit)
        for key in made.json()["Ids"]
    ]
    path = "productpricelevels/Microsoft.Dynamics.CRM.CreateMultiple"

    assert call.post(path, {"Targets": lines}).status_code == 200
    assert refused(call.post(path, {"Targets": lines[:1]})) == (400, "0x80043b08")
    assert call.get("productpricelevels/$count").text.strip("\ufeff") == "1000"
