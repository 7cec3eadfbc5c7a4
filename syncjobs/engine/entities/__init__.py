"""What single tables need beyond their field mappings: the hooks of E-3.90 and following."""

from __future__ import annotations

from dataclasses import replace

from mappings.spec import DirectedMapping
from syncjobs.engine.entities.account import CUSTOMER, VENDOR
from syncjobs.engine.entities.contact import CONTACT
from syncjobs.engine.entities.currency import CURRENCY
from syncjobs.engine.entities.entity import Entity
from syncjobs.engine.entities.opportunity import OPPORTUNITY
from syncjobs.engine.entities.price import PRICE_LIST_LINE, SALES_PRICE
from syncjobs.engine.entities.price_list import PRICE_GROUP, PRICE_LIST_HEADER
from syncjobs.engine.entities.product import ITEM, RESOURCE
from syncjobs.engine.entities.salesperson import SALESPERSON
from syncjobs.engine.entities.unit import (
    ITEM_UNIT,
    RESOURCE_UNIT,
    UNIT_GROUP,
    UNIT_OF_MEASURE,
)

_PLAIN = Entity()
_BY_TABLES = {
    frozenset({"customers", "account"}): CUSTOMER,
    frozenset({"vendors", "account"}): VENDOR,
    frozenset({"contacts", "contact"}): CONTACT,
    frozenset({"currencies", "transactioncurrency"}): CURRENCY,
    frozenset({"salespeoplePurchasers", "systemuser"}): SALESPERSON,
    frozenset({"unitsOfMeasure", "uomschedule"}): UNIT_OF_MEASURE,
    frozenset({"unitGroups", "uomschedule"}): UNIT_GROUP,
    frozenset({"itemUnitsOfMeasure", "uom"}): ITEM_UNIT,
    frozenset({"resourceUnitsOfMeasure", "uom"}): RESOURCE_UNIT,
    frozenset({"items", "product"}): ITEM,
    frozenset({"resources", "product"}): RESOURCE,
    frozenset({"customerPriceGroups", "pricelevel"}): PRICE_GROUP,
    frozenset({"priceLists", "pricelevel"}): PRICE_LIST_HEADER,
    frozenset({"salesPrices", "productpricelevel"}): SALES_PRICE,
    frozenset({"priceListLines", "productpricelevel"}): PRICE_LIST_LINE,
    frozenset({"opportunities", "opportunity"}): OPPORTUNITY,
}


def entity_of(mapping: DirectedMapping) -> Entity:
    """Return the rules of the mapping's pair of tables, whichever way it runs."""
    tables = frozenset({mapping.source_table, mapping.destination_table})
    return _BY_TABLES.get(tables, _PLAIN)


def settled(mapping: DirectedMapping) -> DirectedMapping:
    """Return the mapping with the columns that its entity shares, and without the fields whose
    values it derives from more than one.
    """
    entity = entity_of(mapping)
    if entity.shares and mapping.two_way:
        here = mapping.source_side
        [there] = set(entity.shares) - {here}
        mapping = replace(mapping, shared=((entity.shares[here], entity.shares[there]),))
    derived = entity.derives
    fields = tuple(
        field
        for field in mapping.fields
        if field.destination.name not in derived
        and (field.source is None or field.source.name not in derived)
    )
    return mapping if len(fields) == len(mapping.fields) else replace(mapping, fields=fields)


__all__ = ["Entity", "entity_of", "settled"]
