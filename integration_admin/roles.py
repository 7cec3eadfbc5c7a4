"""The roles of the console as data, and the check that stands before every page and act."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

P = ParamSpec("P")


class Right(StrEnum):
    """What somebody may do; the names are those of C-4001 to C-4028."""

    VIEW_CONSOLE = "integration_admin.view_console"
    VIEW_CONNECTION = "integration_admin.view_connection"
    CHANGE_CONNECTION = "integration_admin.change_connection"
    MANAGE_SECRETS = "integration_admin.manage_secrets"
    TEST_CONNECTION = "integration_admin.test_connection"
    REDEPLOY_SOLUTION = "integration_admin.redeploy_solution"
    VIEW_ROLES = "integration_admin.view_roles"
    RESET_CONFIGURATION = "integration_admin.reset_configuration"
    VIEW_MAPPING = "integration_admin.view_mapping"
    RUN_SYNC = "integration_admin.run_sync"
    RUN_FULL_SYNC = "integration_admin.run_full_sync"
    VIEW_COUPLING = "integration_admin.view_coupling"
    MANAGE_COUPLINGS = "integration_admin.manage_couplings"
    RETRY_RECORD = "integration_admin.retry_record"
    RETRY_ALL = "integration_admin.retry_all"
    VIEW_PERSONAL = "integration_admin.view_personal"
    VIEW_LOG = "integration_admin.view_log"
    VIEW_JOB = "integration_admin.view_job"
    RUN_JOB = "integration_admin.run_job"
    PREVIEW = "integration_admin.preview"
    COUPLE_RECORD = "integration_admin.couple_record"
    USE_API = "integration_admin.use_api"
    VIEW_AUDIT = "integration_admin.view_audit"
    VIEW_AUDIT_VALUES = "integration_admin.view_audit_values"
    MANAGE_USERS = "integration_admin.manage_users"
    EXPORT = "integration_admin.export"
    EXPORT_ALL = "integration_admin.export_all"
    MANAGE_VIEWS = "integration_admin.manage_views"

    @property
    def codename(self) -> str:
        return self.value.partition(".")[2]


class Role(StrEnum):
    """A group of users; the name is the group's."""

    ADMINISTRATOR = "Administrator"
    OPERATOR = "Operator"
    SUPPORT = "Support"
    VIEWER = "Viewer"


VIEWER = frozenset(
    {
        Right.VIEW_CONSOLE,
        Right.VIEW_CONNECTION,
        Right.VIEW_ROLES,
        Right.VIEW_MAPPING,
        Right.VIEW_COUPLING,
        Right.VIEW_LOG,
        Right.VIEW_JOB,
        Right.USE_API,
        Right.EXPORT,
    }
)
SUPPORT = VIEWER | {
    Right.TEST_CONNECTION,
    Right.RETRY_RECORD,
    Right.PREVIEW,
    Right.COUPLE_RECORD,
    Right.VIEW_PERSONAL,
    Right.VIEW_AUDIT,
    Right.EXPORT_ALL,
}
OPERATOR = SUPPORT | {
    Right.REDEPLOY_SOLUTION,
    Right.RUN_SYNC,
    Right.RUN_FULL_SYNC,
    Right.MANAGE_COUPLINGS,
    Right.RETRY_ALL,
    Right.RUN_JOB,
    Right.MANAGE_VIEWS,
}
ROLES: dict[Role, frozenset[Right]] = {
    Role.ADMINISTRATOR: frozenset(Right),
    Role.OPERATOR: OPERATOR,
    Role.SUPPORT: SUPPORT,
    Role.VIEWER: VIEWER,
}


def ensure_roles() -> None:
    """Make the four groups hold their rights; rights that somebody added to them stay."""
    mine = Permission.objects.filter(content_type__app_label="integration_admin")
    by_codename = {permission.codename: permission for permission in mine}
    for role, rights in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role.value)
        group.permissions.add(*(by_codename[right.codename] for right in rights))


def role_of(user: User) -> str:
    """Return what a person is called in the console."""
    if user.is_superuser:
        return str(Role.ADMINISTRATOR)
    names = set(user.groups.values_list("name", flat=True))
    return next((str(role) for role in Role if role.value in names), "No role")


def refusal(right: Right) -> str:
    """Say which right is missing."""
    return f"You lack the right {right.codename}. An administrator can give it to you."


def requires(
    right: Right,
) -> Callable[
    [Callable[Concatenate[SignedInRequest, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """Let only people with a right through; others get a page that names it (C-0002)."""

    def wrap(
        view: Callable[Concatenate[SignedInRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not has_right(request.user, right):
                raise PermissionDenied(refusal(right))
            return view(cast(SignedInRequest, request), *args, **kwargs)

        checked.right = right  # type: ignore[attr-defined]  # for RecentSignInMiddleware
        return cast(Callable[Concatenate[HttpRequest, P], HttpResponse], wraps(view)(checked))

    return wrap


def has_right(user: AbstractBaseUser | AnonymousUser, right: Right) -> bool:
    """Whether the person may do this."""
    return isinstance(user, User) and user.has_perm(right.value)


class SignedInRequest(HttpRequest):
    """A request that got past a check of rights."""

    user: User
