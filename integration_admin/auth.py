"""Signing in and out, and choosing the company."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from connections.models import Company
from integration_admin.chrome import COMPANY
from integration_admin.roles import Right, SignedInRequest, requires


class Credentials(AuthenticationForm):
    """User name and password; the refusal says nothing about which of them was wrong."""

    error_messages = {
        "invalid_login": "User name or password is not right. Both are case-sensitive.",
        "inactive": "This account is switched off. Ask your administrator.",
    }


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """The page before all others."""

    template_name = "pages/signin.html"
    form_class = Credentials
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """Ends the session; POST only."""

    def get(self, _request: HttpRequest) -> HttpResponse:
        return redirect("home")


@require_POST
@requires(Right.VIEW_CONSOLE)
def switch_company(request: SignedInRequest, pk: int) -> HttpResponse:
    """Look at another company from now on."""
    request.session[COMPANY] = get_object_or_404(Company, pk=pk).pk
    return redirect("home")
