"""Companies for tests of connections."""

from __future__ import annotations

from itertools import count
from uuid import UUID, uuid4

from connections.models import Company

NUMBERS = count(1)


def new_company(business_central_id: UUID | None = None) -> Company:
    """Return a company of its own."""
    return Company.objects.create(
        name=f"CRONUS {next(NUMBERS)}", business_central_id=business_central_id or uuid4()
    )
