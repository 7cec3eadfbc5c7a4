"""Opportunities, posted invoices with their lines, and what customers owe."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from random import Random

from sandbox.seeds.cronus import codes
from sandbox.seeds.cronus.fixed import bc_time, day, dice, identity, multiplied
from sandbox.seeds.cronus.goods import WRITE_IN
from sandbox.store import Row

OPPORTUNITIES, INVOICES = 24, 60
SUBJECTS = (
    "Desks for the new office",
    "Refurnishing",
    "Conference rooms",
    "Chairs, ergonomic",
    "Showroom's lamps",
)
STATUSES = ("Not Started", "In Progress", "In Progress", "In Progress", "Won", "Lost")
VAT_PERCENT = 25


def opportunities(people: list[Row], scale: float = 1) -> list[Row]:
    """Return opportunities with people of customers."""
    chance = dice("opportunities")
    asked = [row for row in people if row["contactBusinessRelation"] == "Customer"]
    rows = []
    for index in range(multiplied(OPPORTUNITIES, scale, 6)):
        person, status = chance.choice(asked), STATUSES[index % len(STATUSES)]
        closed, value = status in ("Won", "Lost"), chance.randrange(5, 900) * 100
        number = f"OP{(index + 1) * 10:06}"
        rows.append(
            {
                "id": identity("opportunities", number),
                "number": number,
                "contactNumber": person["number"],
                "contactName": person["displayName"],
                "contactCompanyNumber": person["companyNumber"],
                "contactCompanyName": person["companyName"],
                "salespersonCode": person["salespersonCode"],
                "description": f"{chance.choice(SUBJECTS)}: {person['companyName']}"[:100],
                "status": status,
                "closed": int(closed),
                "creationDate": str(day(index)),
                "dateClosed": str(day(index + 90)) if closed else "0001-01-01",
                "estimatedClosingDate": str(day(index + 120)),
                "estimatedValue": value,
                "calculatedCurrentValue": value * 0.6,
                "probabilityPercent": 60,
                "chancesOfSuccessPrc": 60,
                "completedPrc": 100 if closed else 40,
                "systemCreatedAt": bc_time(6000 + index),
                "lastModifiedDateTime": bc_time(6000 + index),
            }
        )
    return rows


def invoices(
    customers: list[Row], items: list[Row], scale: float = 1
) -> tuple[list[Row], list[Row]]:
    """Return posted sales invoices and their lines."""
    chance = dice("invoices")
    buyers = [row for row in customers if row["blocked"] == " "]
    sold = [row for row in items if row["number"] != WRITE_IN and not row["blocked"]]
    headers, lines = [], []
    for index in range(multiplied(INVOICES, scale, 10)):
        number = f"{103001 + index}"
        customer = chance.choice(buyers)
        own = [
            _line(number, (position + 1) * 10000, chance.choice(sold), chance)
            for position in range(chance.randrange(1, 5))
        ]
        headers.append(_invoice(number, index, customer, own))
        lines += own
    return headers, lines


def _line(number: str, sequence: int, item: Row, chance: Random) -> Row:
    quantity, price = chance.randrange(1, 12), item["unitPrice"]
    discount = round(quantity * price * chance.choice((0, 0, 0, 0.05)), 2)
    net = round(quantity * price - discount, 2)
    tax = round(net * VAT_PERCENT / 100, 2)
    return {
        "id": identity("postedSalesInvoiceLines", f"{number}/{sequence}"),
        "documentId": identity("postedSalesInvoices", number),
        "documentNumber": number,
        "sequence": sequence,
        "lineType": "Item",
        "lineObjectNumber": item["number"],
        "itemId": item["id"],
        "description": item["displayName"],
        "unitOfMeasureCode": item["baseUnitOfMeasureCode"],
        "quantity": quantity,
        "unitPrice": price,
        "discountAmount": discount,
        "discountPercent": 5 if discount else 0,
        "amountExcludingTax": net,
        "netAmount": net,
        "taxPercent": VAT_PERCENT,
        "totalTaxAmount": tax,
        "netTaxAmount": tax,
        "amountIncludingTax": round(net + tax, 2),
        "netAmountIncludingTax": round(net + tax, 2),
    }


def _invoice(number: str, index: int, customer: Row, lines: list[Row]) -> Row:
    posted = day(index * 3)
    net = round(sum(line["netAmount"] for line in lines), 2)
    gross = round(sum(line["netAmountIncludingTax"] for line in lines), 2)
    parts = ("AddressLine1", "AddressLine2", "City", "State", "Country", "PostCode")
    fields = ("addressLine1", "addressLine2", "city", "state", "country", "postalCode")
    addresses = {
        f"{kind}{part}": customer[field]
        for kind in ("sellTo", "billTo", "shipTo")
        for part, field in zip(parts, fields, strict=True)
    }
    paid = index % 3 == 0
    return addresses | {
        "id": identity("postedSalesInvoices", number),
        "number": number,
        "invoiceDate": str(posted),
        "postingDate": str(posted),
        "shipmentDate": str(posted),
        "dueDate": str(posted + timedelta(days=30)),
        "customerPurchaseOrderReference": f"PO-{4711 + index}",
        "customerNumber": customer["number"],
        "customerName": customer["displayName"],
        "billToCustomerId": customer["id"],
        "billToCustomerNumber": customer["number"],
        "billToName": customer["displayName"],
        "shipToName": customer["displayName"],
        "currencyCode": customer["currencyCode"],
        "currencyFactor": codes.factor(customer["currencyCode"]),
        "paymentTermsCode": customer["paymentTermsCode"],
        "shipmentMethodCode": customer["shipmentMethodCode"],
        "shippingAgentCode": customer["shippingAgentCode"],
        "salesperson": customer["salespersonCode"],
        "totalAmountExcludingTax": net,
        "totalTaxAmount": round(gross - net, 2),
        "totalAmountIncludingTax": gross,
        "remainingAmount": 0 if paid else gross,
        "status": "Paid" if paid else "Open",
        "email": customer["email"],
        "phoneNumber": customer["phoneNumber"],
        "workDescription": "Deliver before ten; ring twice." if index % 10 == 0 else "",
        "lastModifiedDateTime": bc_time(index * 3 * 1440 + 600),
    }


def ledger(invoices: list[Row]) -> tuple[list[Row], list[Row]]:
    """Return customer ledger entries and their details, one pair an invoice."""
    numbers = count(1)
    entries, details = [], []
    for invoice, number in zip(invoices, numbers, strict=False):
        customer, changed = invoice["customerNumber"], invoice["lastModifiedDateTime"]
        entries.append(
            {
                "id": identity("customerLedgerEntries", number),
                "entryNumber": number,
                "customerNumber": customer,
                "documentType": "Invoice",
                "documentNumber": invoice["number"],
                "amount": invoice["totalAmountIncludingTax"],
                "remainingAmount": invoice["remainingAmount"],
                "lastModifiedDateTime": changed,
            }
        )
        details.append(
            {
                "id": identity("detailedCustomerLedgerEntries", number),
                "entryNumber": number,
                "customerLedgerEntryNumber": number,
                "customerNumber": customer,
                "lastModifiedDateTime": changed,
            }
        )
    return entries, details


def statistics(customers: list[Row], invoices: list[Row]) -> list[Row]:
    """Return what the statistics page says of each customer."""
    sold: dict[str, list[Row]] = {}
    for invoice in invoices:
        sold.setdefault(invoice["customerNumber"], []).append(invoice)
    rows = []
    for customer in customers:
        own = sold.get(customer["number"], [])
        balance = round(sum(row["remainingAmount"] for row in own), 2)
        sales = round(sum(row["totalAmountExcludingTax"] for row in own), 2)
        customer["balanceDue"] = balance
        rows.append(
            {
                "id": customer["id"],
                "number": customer["number"],
                "displayName": customer["displayName"],
                "creditLimit": customer["creditLimit"],
                "balance": balance,
                "overdueAmount": balance,
                "totalSales": sales,
                "totalSalesExcludingTax": sales,
                "totalAmount": balance,
            }
        )
    return rows
