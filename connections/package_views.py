"""Choosing the package that a redeploy imports: Microsoft's own, or the one that is shipped."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from connections import deployment
from connections.solution.manifest import PackageError, shown
from connections.solution.package import LARGEST, MEGABYTE
from integration_admin.chrome import company_of
from integration_admin.pages import ask, is_confirmed
from integration_admin.roles import Right, SignedInRequest, requires
from syncjobs import clock


@require_POST
@requires(Right.CHANGE_CONNECTION)
def upload_package(request: SignedInRequest) -> HttpResponse:
    """Take a package instead of the shipped one, if it can be right."""
    company = company_of(request)
    given = request.FILES.get("package")
    if company is None or given is None:
        messages.error(request, "Choose a file first: a solution package, .zip. (E-REQUIRED)")
        return redirect("redeploy")
    try:
        if (given.size or 0) > LARGEST:  # not even read
            message = f"The package is larger than {LARGEST // MEGABYTE} MB."
            raise PackageError(message)  # noqa: TRY301 - said as the others are
        taken = deployment.upload(company, given.read(), now=clock.now(), by=request.user)
    except PackageError as error:
        messages.error(request, f"{error.message} Nothing was changed. ({error.cause})")
        return redirect("redeploy")
    told = f"{taken.manifest.unique_name} {shown(taken.manifest.version)}"
    messages.success(request, f"{told} is imported by the next redeploy, if it is newer.")
    return redirect("redeploy")


@require_POST
@requires(Right.CHANGE_CONNECTION)
def use_shipped_package(request: SignedInRequest) -> HttpResponse:
    """Go back to the packages that are shipped, after asking."""
    company = company_of(request)
    if company is None:
        return redirect("redeploy")
    if not is_confirmed(request):
        return ask(
            request,
            title="Use the packages that are shipped?",
            text="What was uploaded is forgotten. What is installed stays until a redeploy.",
            yes="Use the shipped packages",
            no="Keep what was uploaded",
        )
    deployment.use_shipped(company, by=request.user)
    messages.success(request, "Redeploys use the packages that are shipped from now on.")
    return redirect("redeploy")
