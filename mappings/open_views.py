"""Opens in Business Central what is coupled to a row of Sales: where a link in Sales leads."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET

from connections.models import Company
from integration_admin.chrome import company_of
from integration_admin.roles import Right, SignedInRequest, requires
from mappings import captions, links
from mappings.models import Coupling, IntegrationTableMapping

NOT_FOUND = 404


@require_GET
@requires(Right.VIEW_COUPLING)
def open_from_sales(request: SignedInRequest) -> HttpResponse:
    """Follow a link of Sales to the card in Business Central (E-9.50).

    Microsoft's solution asks for page 5329 with the row in the filter. Business Central could not
    answer that, since the couplings are kept here.
    """
    named = request.GET.get("company", "").replace("\x00", "")
    company = Company.objects.filter(name=named).first() if named else company_of(request)
    asked = links.asked_by_sales(request.GET.get("filter", ""))
    if company is None or asked is None:
        return _home(request, company) if named else _told(request, {})
    table, row_id = asked
    coupling = _coupling(company, table, row_id)
    if coupling is None:
        url = links.sales(company, table, row_id)
        return _told(request, {"table": captions.integration_table(table), "sales_url": url})
    found = links.Links(company).of(
        coupling.mapping_name,
        key=coupling.business_central_key,
        business_central_id=coupling.business_central_id,
    )
    if not found.business_central:
        return _told(request, {"coupling": coupling})
    return HttpResponseRedirect(found.business_central)


def _told(request: SignedInRequest, context: dict[str, Any]) -> HttpResponse:
    status = NOT_FOUND if context else 200
    return render(request, "pages/open_from_sales.html", context, status=status)


def _home(request: SignedInRequest, company: Company | None) -> HttpResponse:
    """Open Business Central itself, as the link without a record does."""
    home = links.business_central_home(company) if company else ""
    if not home or company is None:
        return _told(request, {"is_unknown": True})
    return HttpResponseRedirect(f"{home}/?{urlencode({'company': company.name})}")


def _coupling(company: Company, table: str, row_id: UUID) -> Coupling | None:
    names = IntegrationTableMapping.objects.filter(company=company, integration_table=table)
    rows = Coupling.objects.filter(
        company=company, mapping_name__in=names.values("name"), dataverse_id=row_id
    )
    return rows.order_by("pk").first()
