"""What people call the records of a mapping, by the tables' own keys and names."""

from __future__ import annotations

from connections.systems import Record, Side
from mappings.spec import DirectedMapping
from syncjobs.runs.context import Context


class Labels:
    """Names pairs of one mapping; its tables are looked up once."""

    def __init__(self, context: Context, mapping: DirectedMapping) -> None:
        self.to_sales = mapping.source_side == Side.BUSINESS_CENTRAL
        tables = mapping.source_table, mapping.destination_table
        local, remote = tables if self.to_sales else reversed(tables)
        self.local = context.business_central.describe(local)
        self.remote = context.dataverse.describe(remote)

    def of(self, source: Record, destination: Record | None) -> tuple[str, str]:
        """Return the Business Central code of a pair, and what people call it."""
        bc, dataverse = (source, destination) if self.to_sales else (destination, source)
        code = ""
        if bc is not None:
            key = self.local.natural_key
            code = str(bc.values.get(key[0]) or "") if key else ""
            name = str(bc.values.get(self.local.name_column) or "")
            if name:
                return code, f"{code} {name}".strip()
        if dataverse is not None:
            return code, f"{code} {dataverse.values.get(self.remote.name_column) or ''}".strip()
        return code, code
