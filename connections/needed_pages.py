"""Which pages a Business Central lacks, and which mappings cannot run for it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from connections.business_central_pages import Page, known_fields
from connections.models import Company, SalesConnectionSetup

FILE = Path(__file__).with_name("needed_pages.toml")
ALWAYS, SALES = "always", "sales"


@dataclass(frozen=True, slots=True)
class Lack:
    """A page that is missing, or that lacks fields, and the mappings that cannot run for it."""

    page: str
    fields: tuple[str, ...]  # empty: the whole page
    mappings: tuple[str, ...]

    @property
    def sentence(self) -> str:
        who = listed(self.mappings)
        if not self.fields:
            return f"There is no page {self.page}: {who} cannot run."
        what = f"The page {self.page} has no {listed(self.fields)}"
        return f"{what}: {who} cannot run while that is mapped."


def needed_by(company: Company) -> dict[str, tuple[str, ...]]:
    """Return the mappings that a company has use for, with the pages of each."""
    row = SalesConnectionSetup.objects.filter(company_id=company.pk).first()
    parts = [ALWAYS]
    if row is not None and row.is_enabled:
        models = (row.unit_of_measure_model, row.price_model, row.sales_order_model)
        parts += [SALES, *(str(model) for model in models)]
    return {
        mapping: tuple(pages)
        for part in parts
        for mapping, pages in catalogue().get(part, {}).items()
    }


def lacks(wanted: Mapping[str, tuple[str, ...]], there: Mapping[str, Page]) -> Iterator[Lack]:
    """Yield what is missing of the wanted pages, each once."""
    for name in dict.fromkeys(page for pages in wanted.values() for page in pages):
        fields = _missing_fields(name, there)
        if fields is not None:
            mappings = tuple(mapping for mapping, pages in wanted.items() if name in pages)
            yield Lack(name, fields, mappings)


def _missing_fields(name: str, there: Mapping[str, Page]) -> tuple[str, ...] | None:
    """Return the fields that a page lacks, none where it is missing, and None where all is well."""
    page = there.get(name)
    if page is None:
        return ()
    return tuple(f for f in known_fields(name) if f not in page.table.columns) or None


@cache
def catalogue() -> dict[str, dict[str, list[str]]]:
    """Return the mappings of each part, with their pages."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence says them."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
