"""The pages of users: who may what, and switching accounts off."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from connections.models import Company
from integration_admin import cells, effective, signed_in, users
from integration_admin.columns import Column
from integration_admin.pages import (
    Action,
    CardPage,
    Empty,
    Filter,
    ListPage,
    Section,
    View,
    ask,
    is_confirmed,
)
from integration_admin.roles import Right, Role, SignedInRequest, requires
from integration_admin.users import UserError


def _state(row: User) -> SafeString:
    return cells.state("Enabled") if row.is_active else cells.pill("held", "hold", "Switched off")


def _roles(row: User) -> SafeString | str:
    held = users.roles_of(row)
    if row.is_superuser and Role.ADMINISTRATOR not in held:
        held = [f"{Role.ADMINISTRATOR} (superuser)", *held]
    return ", ".join(held) or cells.muted("No role")


def _every_role(_company: Company) -> list[tuple[str, str]]:
    return [(role.value, role.value) for role in Role]


def _holding(role: str) -> Q:
    """Select who holds a role; a superuser is an administrator in all but name."""
    named = Q(pk__in=User.objects.filter(groups__name=role).values("pk"))
    return named | Q(is_superuser=True) if role == Role.ADMINISTRATOR else named


class UserList(ListPage[User]):
    """Everybody who may sign in, with their roles."""

    title = "Users"
    template_name = "pages/users.html"
    model = User
    right = Right.MANAGE_USERS
    columns = (
        Column("username", "User name", order="username", is_personal=True),
        Column("full_name", "Full name", order="last_name", is_personal=True),
        Column("email", "E-mail", order="email", hides_when_narrow=True, is_personal=True),
        Column("state", "State"),
        Column("roles", "Roles"),
        Column("tokens", "API tokens", is_number=True),
        Column("last_login", "Last sign-in", order="last_login", is_filter=True),
        Column("date_joined", "Created", order="date_joined", is_extra=True),
    )
    views = (
        View("active", "Active", Q(is_active=True)),
        View("never", "Never signed in", Q(last_login=None)),
        View("off", "Switched off", Q(is_active=False)),
        View("all", "All"),
    )
    filters = (Filter("role", "Role", "groups__name", _every_role, finds=_holding),)
    searches = ("username", "first_name", "last_name", "email")
    search_hint = "Search name or e-mail"
    default_order = ("username",)
    empty = Empty("No user", "Make the first one with manage.py createsuperuser.")

    def everything(self) -> QuerySet[User]:
        return User.objects.all()

    def get_queryset(self) -> QuerySet[User]:
        rows = super().get_queryset().prefetch_related("groups")
        return rows.annotate(token_count=Count("api_tokens", distinct=True))

    def show_username(self, row: User) -> SafeString:
        return cells.link(reverse("user", args=[row.pk]), row.get_username())

    def show_full_name(self, row: User) -> str:
        return row.get_full_name()

    def show_state(self, row: User) -> SafeString:
        return _state(row)

    def show_roles(self, row: User) -> SafeString | str:
        return _roles(row)

    def show_tokens(self, row: User) -> str:
        return str(getattr(row, "token_count", 0))


class UserCard(CardPage[User]):
    """One user: state, roles, and what they did."""

    model = User
    right = Right.MANAGE_USERS
    list_title = "Users"
    list_url = "users"
    has_history = True
    sections = (
        Section(
            "General",
            (
                Column("username", "User name"),
                Column("full_name", "Full name"),
                Column("email", "E-mail"),
                Column("state", "State"),
                Column("date_joined", "Created"),
                Column("last_login", "Last sign-in"),
                Column("sessions", "Open sessions"),
            ),
        ),
        Section("Roles", template="parts/user_roles.html"),
        Section("Effective Permissions", template="parts/user_rights.html"),
    )
    actions = (
        Action("Switch Off", "disable_user", Right.MANAGE_USERS, "hold"),
        Action("Switch On", "enable_user", Right.MANAGE_USERS, "check", is_primary=True),
        Action("Remove Personal Data", "forget_user", Right.MANAGE_USERS, "trash"),
        Action("New Password Link", "new_password_link", Right.MANAGE_USERS, "key"),
        Action("Force Sign-out", "sign_user_out", Right.MANAGE_USERS, "lock"),
    )

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.prefetch_related("groups")

    def get_context_object_name(self, _obj: Any) -> str:
        return "person"  # "user" is who looks at the page

    @cached_property
    def sessions(self) -> int:
        return signed_in.count([self.object.pk])[self.object.pk]

    def can(self, action: Action) -> bool:
        if action.url_name == "sign_user_out":
            return bool(self.sessions) and self.object.pk != self.request.user.pk
        if action.url_name == "new_password_link":
            return self.object.is_active and self.object.pk != self.request.user.pk
        if action.url_name == "forget_user":
            return not (self.object.is_active or users.is_forgotten(self.object))
        return self.object.is_active == (action.url_name == "disable_user")

    def show_full_name(self, row: User) -> str:
        return row.get_full_name()

    def show_state(self, row: User) -> SafeString:
        return _state(row)

    def show_sessions(self, _row: User) -> str:
        return str(self.sessions or "none")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        held = users.roles_of(self.object)
        return context | {
            "choices": [(role.value, role.value in held) for role in Role],
            "is_self": self.object.pk == self.request.user.pk,
            "held_rights": effective.rights_of([self.object]).get(self.object.pk, []),
        }


# Buttons


def _do(request: SignedInRequest, user: User, act: Callable[[], object], done: str) -> HttpResponse:
    try:
        act()
    except UserError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("user", pk=user.pk)


@require_POST
@requires(Right.MANAGE_USERS)
def set_user_roles(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give somebody the ticked roles and no others."""
    user = get_object_or_404(User, pk=pk)
    chosen = [role for role in Role if role.value in request.POST.getlist("roles")]
    return _do(
        request,
        user,
        lambda: users.set_roles(user, chosen, by=request.user),
        f"The roles of {user} count from their next request.",
    )


@require_POST
@requires(Right.MANAGE_USERS)
def disable_user(request: SignedInRequest, pk: int) -> HttpResponse:
    """Switch an account off, after asking."""
    user = get_object_or_404(User, pk=pk)
    if not is_confirmed(request):
        return ask(
            request,
            title=f"Switch {user} off?",
            text="They can no longer sign in, and their API tokens are refused. "
            "What they did stays in the audit log.",
            yes=f"Switch {user} off",
            no="Leave it on",
        )
    return _do(
        request, user, lambda: users.disable(user, by=request.user), f"{user} is switched off."
    )


@require_POST
@requires(Right.MANAGE_USERS)
def enable_user(request: SignedInRequest, pk: int) -> HttpResponse:
    """Switch an account on again."""
    user = get_object_or_404(User, pk=pk)
    return _do(request, user, lambda: users.enable(user, by=request.user), f"{user} is on again.")


@require_POST
@requires(Right.MANAGE_USERS)
def sign_user_out(request: SignedInRequest, pk: int) -> HttpResponse:
    """End all sessions of a user, after asking."""
    user = get_object_or_404(User, pk=pk)
    if not is_confirmed(request):
        last = "No other administrator is signed in. "
        return ask(
            request,
            title=f"Sign {user} out everywhere?",
            text=(last if users.is_last_administrator_signed_in(user) else "")
            + "All their sessions end at once, and what they have not saved is lost. They can sign "
            "in again, and their API tokens go on: switch the account off to stop both.",
            yes=f"Sign {user} out",
            no="Leave them signed in",
        )
    return _do(
        request, user, lambda: users.sign_out(user, by=request.user), f"{user} is signed out."
    )


@require_POST
@requires(Right.MANAGE_USERS)
def forget_user(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take what names a switched-off user out of the console, after asking."""
    user = get_object_or_404(User, pk=pk)
    if not is_confirmed(request):
        return ask(
            request,
            title=f"Remove the personal data of {user}?",
            text="Their name, e-mail and network addresses go, here and in the audit log, and "
            "nobody brings them back. What they did stays, under a pseudonym; the proof of the "
            "audit log stays whole.",
            yes="Remove the personal data",
            no="Keep it",
        )
    done = "Nothing names this user any more; the audit log is whole."
    return _do(request, user, lambda: users.forget(user, by=request.user), done)
