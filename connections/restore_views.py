"""The button Restore Connection (E-9.26)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from integration_admin import restoring
from integration_admin.chrome import company_of
from integration_admin.pages import back
from integration_admin.roles import Right, SignedInRequest, requires
from syncjobs import clock


@never_cache
@require_POST
@requires(Right.CHANGE_CONNECTION)
def restore_connections(request: SignedInRequest) -> HttpResponse:
    """Test and enable again what was disabled for a while."""
    company = company_of(request)
    if company is not None:
        restored = restoring.restore(company, now=clock.now(), by=request.user)
        if restored.names:
            messages.success(request, str(restored))
        for found in restored.in_the_way:
            messages.error(request, f"{found.sentence} {found.cure} ({found.code})")
        if not restored.names and not restored.in_the_way:
            messages.info(request, "There is nothing to restore.")
    return back(request, "connections")
