"""What single tables need beyond their field mappings: the hooks of E-3.90 and following."""

from __future__ import annotations

from mappings.spec import DirectedMapping
from syncjobs.engine.entities.account import CUSTOMER, VENDOR
from syncjobs.engine.entities.contact import CONTACT
from syncjobs.engine.entities.currency import CURRENCY
from syncjobs.engine.entities.entity import Entity
from syncjobs.engine.entities.salesperson import SALESPERSON

_PLAIN = Entity()
_BY_TABLES = {
    frozenset({"customers", "account"}): CUSTOMER,
    frozenset({"vendors", "account"}): VENDOR,
    frozenset({"contacts", "contact"}): CONTACT,
    frozenset({"currencies", "transactioncurrency"}): CURRENCY,
    frozenset({"salespeoplePurchasers", "systemuser"}): SALESPERSON,
}


def entity_of(mapping: DirectedMapping) -> Entity:
    """Return the rules of the mapping's pair of tables, whichever way it runs."""
    tables = frozenset({mapping.source_table, mapping.destination_table})
    return _BY_TABLES.get(tables, _PLAIN)


__all__ = ["Entity", "entity_of"]
