"""What has to be done until both systems are in step, while it is not all done (C-0114)."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from connections.models import Company, DataverseConnectionSetup, SalesConnectionSetup
from connections.terms import RedeployResult
from syncjobs import activation


class Item(NamedTuple):
    """A line of the checklist with the page where it is done."""

    title: str
    text: str
    url: str
    is_done: bool


def checklist(
    company: Company | None,
    dataverse: DataverseConnectionSetup | None = None,
    sales: SalesConnectionSetup | None = None,
    *,
    has_synchronized: bool = False,
) -> list[Item]:
    """Return what is to be done; nothing once Dataverse is connected and was synchronized."""
    connected = dataverse is not None and dataverse.is_enabled
    if connected and has_synchronized:
        return []
    has_sales = sales is not None and sales.is_enabled
    jobs = activation.count(company).active if company else 0
    last = company.redeployments.first() if company else None
    return [
        Item(
            "Connect to Dataverse",
            "A guide asks step by step, for Business Central too, and changes nothing before "
            "Finish.",
            reverse("guide", args=["dataverse"]),
            connected,
        ),
        Item(
            "Connect to Dynamics 365 Sales",
            "For products, prices and opportunities; without it the rest is kept in step.",
            reverse("guide", args=["sales"]),
            has_sales,
        ),
        Item(
            "Check roles and privileges",
            "The integration user has what it needs, and not more.",
            reverse("security_roles"),
            last is not None and last.result == RedeployResult.DONE,
        ),
        Item(
            "Run the first synchronization",
            "Records that match are coupled first, so that none is made twice.",
            reverse("mappings"),
            has_synchronized,
        ),
        Item("Start the jobs", "They keep both systems in step.", reverse("job_queue"), jobs > 0),
    ]
