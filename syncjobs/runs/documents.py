"""The option sets of sales documents, which repeat those of the account (E-3.72, E-3.76)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connections.systems import OptionSets
from syncjobs.engine.options import folded

_TERMS = dict.fromkeys(("salesorder", "quote", "invoice"), "paymenttermscode")
_METHOD = dict.fromkeys(("salesorder", "quote", "invoice"), "shippingmethodcode")
_FREIGHT = dict.fromkeys(("salesorder", "quote"), "freighttermscode")  # no invoice
DOCUMENT_COLUMNS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("account", "paymenttermscode"): _TERMS,
    ("account", "address1_shippingmethodcode"): _METHOD,
    ("account", "address1_freighttermscode"): _FREIGHT,
}


@dataclass(slots=True)
class DocumentOptions:
    """Keeps the option sets of documents like the one that is mapped: same values, same labels."""

    dataverse: OptionSets
    columns: Mapping[str, str]  # table -> column
    touched: set[str] = field(default_factory=set)
    _present: dict[str, dict[int, str]] = field(default_factory=dict)

    def push(self, value: int, label: str) -> None:
        """Add the value to each document's option set, or rename it there."""
        for table, column in self.columns.items():
            present = self._options(table, column)
            if value not in present:
                self.dataverse.insert_option(table, column, label, value=value)
            elif folded(present[value]) != folded(label):
                self.dataverse.rename_option(table, column, value, label)
            else:
                continue
            present[value] = label
            self.touched.add(table)

    def _options(self, table: str, column: str) -> dict[int, str]:
        if table not in self._present:
            self._present[table] = dict(self.dataverse.options(table, column))
        return self._present[table]


def documents_of(dataverse: OptionSets, table: str, column: str) -> DocumentOptions:
    """Return the documents that repeat an option set; none for one that is not of an account."""
    return DocumentOptions(dataverse, DOCUMENT_COLUMNS.get((table, column), {}))
