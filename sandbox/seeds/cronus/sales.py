"""Users, accounts and contacts, as Sales has them before anything is connected."""

from __future__ import annotations

from sandbox import identities
from sandbox.seeds import words
from sandbox.seeds.cronus import codes, odd
from sandbox.seeds.cronus.fixed import dataverse_time, dice, identity, multiplied
from sandbox.store import Row

SHARED, OWN, SHARED_VENDORS = 40, 22, 2  # accounts: customers of BC, not in BC, vendors of BC
PROSPECT, VENDOR, CUSTOMER = 8, 11, 3
TWIN_OPTION = (100_000_001, "NET45")  # 'Net45' is there from the start
ACCOUNT_KEY = {
    "SchemaName": "cronus_NamePostalCode",
    "KeyAttributes": ["name", "address1_postalcode"],
}
FRESH_OPTIONS = {
    "paymenttermscode": 1,
    "address1_freighttermscode": 1,
    "address1_shippingmethodcode": 2,
}


def users() -> list[Row]:
    """Return a user for each salesperson, coupled by the e-mail they share."""
    return [
        odd.user(first, last, codes.email_of(first, last), phone) | {"jobtitle": title}
        for _, first, last, phone, title, _ in codes.SALESPEOPLE
    ]


def euro() -> Row:
    """Return a currency that both systems have; its rate is out of date."""
    return {
        "transactioncurrencyid": identity("transactioncurrency", "EUR"),
        "currencyname": "Euro",
        "isocurrencycode": "EUR",
        "currencysymbol": "€",
        "currencyprecision": 2,
        "exchangerate": 0.9,
        "organizationid": identities.ORGANIZATION_ID,
    }


def accounts(customers: list[Row], vendors: list[Row], scale: float = 1) -> list[Row]:
    """Return accounts that are customers or vendors of BC, and those that are not there."""
    known = [row for row in customers if row["blocked"] == " "][: multiplied(SHARED, scale, 10)]
    rows = [_shared(row, CUSTOMER) for row in known]
    suppliers = [row for row in vendors if row["blocked"] == " "][:SHARED_VENDORS]
    rows += [_shared(row, VENDOR) for row in suppliers]
    rows += _own(scale)
    return [row | _stamps(index) for index, row in enumerate(rows)]


def _shared(partner: Row, kind: int) -> Row:
    """Return a partner as a seller typed it in: the same e-mail, some fields empty or older."""
    seller = partner.get("salespersonCode") or partner["purchaserCode"]
    is_old = partner["number"].endswith("50")
    return {
        "accountid": identity("account", partner["number"]),
        "name": partner["displayName"],
        "customertypecode": kind,
        "emailaddress1": partner["email"].upper() if is_old else partner["email"],
        "telephone1": "+1 206 555 0100" if is_old else partner["phoneNumber"],
        "address1_line1": None if is_old else partner["addressLine1"],
        "address1_city": partner["city"],
        "address1_postalcode": partner["postalCode"],
        "address1_country": partner["country"],
        "transactioncurrencyid": identities.BASE_CURRENCY_ID,
        "ownerid": owner_of(seller),
        "ownerid__t": "systemuser",
    }


def _own(scale: float) -> list[Row]:
    """Return companies that only the sellers know: most of them customers, three prospects."""
    chance = dice("accounts")
    rows = []
    for index in range(multiplied(OWN - SHARED_VENDORS, scale, 8)):
        place = words.PLACES[index % 8 if index % 3 else 8]
        word = words.COMPANY_WORDS[index % len(words.COMPANY_WORDS)]
        trade = words.TRADES[index * 7 % len(words.TRADES)]
        branch = f" {index}" if index >= len(words.COMPANY_WORDS) else ""
        name = f"{word} & {chance.choice(words.SURNAMES)} {trade}{branch} {place.legal_form}"
        street = place.street.format(name=chance.choice(words.STREETS), number=index + 1)
        kind = PROSPECT if index % 7 == 6 else VENDOR if index % 5 == 4 else CUSTOMER
        row = odd.account(name) | {
            "emailaddress1": f"post@lead{index + 1}.example",
            "websiteurl": f"https://lead{index + 1}.example/about",
            "customertypecode": kind,
            "telephone1": f"{place.dial} {3000 + index}",
            "fax": f"{place.dial} {4000 + index}" if index % 2 else None,
            "address1_line1": street,
            "address1_line2": "Building C, 4th floor" if index % 4 == 0 else None,
            "address1_city": place.city,
            "address1_stateorprovince": place.state or None,
            "address1_postalcode": place.post_code,
            "address1_country": place.country,
            "address1_primarycontactname": "Ms. Ō'Brien" if index % 6 == 0 else None,
            "ownerid": owner_of(codes.SELLERS[index % len(codes.SELLERS)]),
            "ownerid__t": "systemuser",
        }
        rows.append(row | (FRESH_OPTIONS if index % 2 == 0 else {}))
    return rows


def owner_of(code: str) -> str:
    """Return the user who is a salesperson."""
    for row in codes.SALESPEOPLE:
        if row[0] == code:
            return identity("systemuser", codes.email_of(row[1], row[2]))
    raise KeyError(code)


def contacts(accounts: list[Row], companies: list[Row], people: list[Row]) -> list[Row]:
    """Return people of the accounts: known to BC under the same e-mail, or not yet."""
    company_of = {row["email"].lower(): row["number"] for row in companies}
    first_of: dict[str, Row] = {}
    for row in people:
        first_of.setdefault(row["companyNumber"], row)
    chance, rows = dice("contacts"), []
    for index, account in enumerate(accounts):
        if account["customertypecode"] == PROSPECT:
            continue
        known = first_of.get(company_of.get(account["emailaddress1"].lower(), ""))
        if known and index % 2 == 0:
            rows.append(_known(known, account))
        if known is None or index % 3 == 0:
            names = chance.choice(words.FIRST_NAMES), chance.choice(words.SURNAMES)
            rows.append(_new(index, account, *names))
    return [row | _stamps(500 + index) for index, row in enumerate(rows)]


def _known(person: Row, account: Row) -> Row:
    first, surname = person["firstName"], person["surname"]
    row = odd.contact(first, surname, account["accountid"], emailaddress1=person["email"])
    owner = {"ownerid": account["ownerid"], "ownerid__t": "systemuser"}
    more = {"mobilephone": person["mobilePhoneNumber"], "jobtitle": person["jobTitle"]}
    return row | owner | more


def _new(index: int, account: Row, first: str, surname: str) -> Row:
    domain = account["emailaddress1"].lower().partition("@")[2]
    row = odd.contact(first, surname, account["accountid"], emailaddress1=f"c{index}@{domain}")
    return row | {
        "ownerid": account["ownerid"],
        "ownerid__t": "systemuser",
        "middlename": "Q." if index % 9 == 0 else None,
        "jobtitle": words.JOB_TITLES[index % len(words.JOB_TITLES)],
        "telephone1": account["telephone1"],
        "pager": "555-0188" if index % 8 == 0 else None,
        "address1_line1": account.get("address1_line1"),
        "address1_city": account["address1_city"],
        "address1_postalcode": account["address1_postalcode"],
        "address1_country": account["address1_country"],
    }


def _stamps(minute: int) -> Row:
    at = dataverse_time(20_000 + minute)
    return {"createdon": at, "modifiedon": at}
