"""Lists whose rows open their records in Business Central and in Sales (E-9.50)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from django.db.models import Model
from django.utils.safestring import SafeString

from integration_admin import cells
from integration_admin.columns import Column
from integration_admin.pages import ListPage
from mappings.links import Addresses, Links

M = TypeVar("M", bound=Model)
OPENS = Column("opens", "Open")


class OpensRecords(ListPage[M]):
    """A list with the column OPENS; it says where a row's record is and what it is called."""

    links: Links

    def gather(self, rows: Sequence[M]) -> None:  # noqa: ARG002 - of the company, not of rows
        self.links = Links(self.company)

    def addresses(self, row: M) -> Addresses:
        """Return where the record of a row opens."""
        raise NotImplementedError

    def opened(self, row: M) -> str:
        """Return what the record is called."""
        return str(row)

    def show_opens(self, row: M) -> SafeString | str:
        found = self.addresses(row)
        return cells.opens(found.business_central, found.sales, self.opened(row))

    def value_opens(self, row: M) -> str:
        return str(self.addresses(row))
