"""The short lists of Business Central: currencies, terms, methods, agents, units, salespeople."""

from __future__ import annotations

from sandbox.seeds.cronus.fixed import day, identity
from sandbox.store import Row

FOREIGN_CURRENCIES = (
    # code, name, symbol, LCY (US dollar) for a hundred at the opening and half a year later
    ("EUR", "Euro", "€", 103.87, 108.52),
    ("GBP", "Pound Sterling", "£", 125.21, 127.36),
    ("CAD", "Canadian Dollar", "C$", 69.74, 73.11),
)
PAYMENT_TERMS = (
    # code, name, due date, discount date, discount percent
    ("10 DAYS", "Net 10 days", "10D", "", 0),
    ("14 DAYS", "Net 14 days", "14D", "", 0),
    ("1M(8D)", "1 Month/2% 8 days", "1M", "8D", 2),
    ("21 DAYS", "Net 21 days", "21D", "", 0),
    ("30 DAYS", "Net 30 days", "30D", "", 0),
    ("60 DAYS", "Net 60 days", "60D", "", 0),
    ("CM", "Current Month", "CM", "", 0),
    ("COD", "Cash on delivery", "0D", "", 0),
    ("NET30", "Net 30, as Sales calls it", "30D", "", 0),
)
SHIPMENT_METHODS = (
    ("CFR", "Cost and Freight"),
    ("CIF", "Cost Insurance and Freight"),
    ("DDP", "Delivered Duty Paid"),
    ("DELIVERY", "Delivery"),
    ("EXW", "Ex Warehouse"),
    ("FCA", "Free Carrier"),
    ("FOB", "Free on Board"),
    ("PICKUP", "Pickup at Location"),
)
SHIPPING_AGENTS = ("DHL", "FEDEX", "OWN LOG.", "UPS")
UNITS = (
    ("BOX", "Box", "BX", ""),
    ("CAN", "Can", "CA", ""),
    ("DAY", "Day", "DAY", "d"),
    ("HOUR", "Hour", "HUR", "h"),
    ("KG", "Kilogram", "KGM", "kg"),
    ("KM", "Kilometre", "KMT", "km"),
    ("MILES", "Miles", "1A", "mi"),
    ("PACK", "Pack", "PK", ""),
    ("PALLET", "Pallet", "PF", ""),
    ("PCS", "Piece", "EA", ""),
    ("SET", "Set", "SET", ""),
)
# Each has a user in Sales with the same e-mail.
SALESPEOPLE = (
    # code, first name, last name, phone, title, commission
    ("BC", "Benjamin", "Chiu", "+1 404 555 0110", "Sales Manager", 4),
    ("EH", "Esther", "Valle", "+1 404 555 0111", "Account Manager", 5),
    ("HR", "Helena", "Ray", "+1 404 555 0112", "Account Manager", 5),
    ("JO", "Jim", "Olive", "+1 404 555 0113", "Account Manager", 5),
    ("LT", "Lina", "Townsend", "+44 20 7946 0114", "Account Manager", 5),
    ("MH", "Marty", "Horst", "+44 20 7946 0115", "Purchaser", 0),
    ("OF", "Otis", "Falls", "+49 211 555 0116", "Account Manager", 5),
    ("RN", "Renée", "Nørgård", "+45 35 55 01 17", "Purchaser", 0),
)
PURCHASERS = ("MH", "RN")
SELLERS = tuple(row[0] for row in SALESPEOPLE if row[0] not in PURCHASERS)


def email_of(first: str, last: str) -> str:
    """Return an employee's address, in plain letters."""
    plain = f"{first}.{last}".lower().translate(str.maketrans("éøå", "eoa"))
    return f"{plain.replace(' ', '')}@cronus.example"


def currencies() -> list[Row]:
    return [
        {
            "id": identity("currencies", code),
            "code": code,
            "displayName": name,
            "symbol": symbol,
            "amountDecimalPlaces": "2:2",
            "amountRoundingPrecision": 0.01,
        }
        for code, name, symbol, _, _ in FOREIGN_CURRENCIES
    ]


def exchange_rates() -> list[Row]:
    """Return two rates a currency, so that the younger one must be taken."""
    return [
        rate(code, offset, value)
        for code, _, _, *values in FOREIGN_CURRENCIES
        for offset, value in zip((-5, 176), values, strict=True)
    ]


def rate(code: str, offset: int, local_value: float) -> Row:
    """Return what a hundred of a currency are worth from a day on."""
    return {
        "id": identity("currencyExchangeRates", f"{code}/{offset}"),
        "currencyCode": code,
        "startingDate": str(day(offset)),
        "exchangeRateAmount": 100,
        "relationalExchangeRateAmount": local_value,
    }


def factor(code: str) -> float:
    """Return how much of a currency one unit of LCY was at the opening; 0 for LCY itself."""
    values = {row[0]: row[3] for row in FOREIGN_CURRENCIES}
    return round(100 / values[code], 6) if code else 0


def payment_terms() -> list[Row]:
    return [
        {
            "id": identity("paymentTerms", code),
            "code": code,
            "displayName": name,
            "dueDateCalculation": due,
            "discountDateCalculation": discount,
            "discountPercent": percent,
        }
        for code, name, due, discount, percent in PAYMENT_TERMS
    ]


def shipment_methods() -> list[Row]:
    return [
        {"id": identity("shipmentMethods", code), "code": code, "displayName": name}
        for code, name in SHIPMENT_METHODS
    ]


def shipping_agents() -> list[Row]:
    return [{"id": identity("shippingAgents", code), "code": code} for code in SHIPPING_AGENTS]


def units() -> list[Row]:
    return [
        {
            "id": identity("unitsOfMeasure", code),
            "code": code,
            "displayName": name,
            "internationalStandardCode": standard,
            "symbol": symbol,
        }
        for code, name, standard, symbol in UNITS
    ]


def salespeople() -> list[Row]:
    return [
        {
            "id": identity("salespeoplePurchasers", code),
            "code": code,
            "displayName": f"{first} {last}",
            "email": email_of(first, last),
            "phoneNo": phone,
            "jobTitle": title,
            "commisionPercent": commission,
        }
        for code, first, last, phone, title, commission in SALESPEOPLE
    ]
