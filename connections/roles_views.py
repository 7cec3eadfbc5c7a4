"""Security Roles (P08): the integration user, its team, roles and privileges, solutions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from audit import trail
from audit.terms import Act
from connections import deployment, permissions, role_matrix
from connections.errors import IntegrationError
from connections.models import Company
from connections.permissions import Permissions
from connections.role_matrix import COLUMNS, RoleRow, TableRow
from connections.solution.manifest import shown
from integration_admin.chrome import company_of
from integration_admin.exporting import as_file
from integration_admin.exports import FORMATS, Head
from integration_admin.pages import back
from integration_admin.refusing import told
from integration_admin.roles import Right, SignedInRequest, has_right, refusal, requires
from mappings import table_access
from syncjobs import clock

Compared = tuple[list[RoleRow], list[TableRow]]
TABS = ("roles", "user", "team", "solutions")
SOLUTION = "Integration solution"
HEADS = tuple(
    Head(name, caption)
    for name, caption in (
        ("part", "Role or Mappings"),
        ("table", "Table"),
        ("access", "Access"),
        ("state", "State"),
        ("needed_by", "Needed by"),
        ("granted_by", "Granted by"),
    )
)


@require_GET
@requires(Right.VIEW_ROLES)
def roles_page(request: SignedInRequest) -> HttpResponse:
    """Show what was read last, and when (C-0808)."""
    company = company_of(request)
    if company is None:
        return render(request, "pages/welcome.html")
    found, at = permissions.last(company)
    only_missing = request.GET.get("only") == "missing"
    roles, tables = _compared(company, found)
    tab = request.GET.get("tab")
    context: dict[str, Any] = {
        "tab": tab if tab in TABS else TABS[0],
        "found": found,
        "checked_at": at,
        "roles": [one for one in roles if one.is_wrong or not only_missing],
        "tables": [one for one in tables if one.missing or not only_missing],
        "only_missing": only_missing,
        "columns": COLUMNS,
        "solutions": _solutions(company, found),
        "formats": [(form, one.caption) for form, one in FORMATS.items()],
        "may_export": has_right(request.user, Right.EXPORT),
        "may_check": has_right(request.user, Right.TEST_CONNECTION),
        "may_redeploy": has_right(request.user, Right.REDEPLOY_SOLUTION),
    }
    return render(request, "pages/security_roles.html", context)


def _compared(company: Company, found: Permissions | None) -> Compared:
    manifest = deployment.package_of(company).manifest
    return role_matrix.compared(manifest, table_access.needed(company), found)


def _solutions(company: Company, found: Permissions | None) -> list[tuple[str, Any, str]]:
    """Return the name of each solution, how it is installed, and the version that is expected."""
    manifest = deployment.package_of(company).manifest
    there = {one.unique_name: one for one in found.solutions} if found else {}
    return [
        (one.unique_name, there.get(one.unique_name), shown(one.version)) for one in manifest.chain
    ]


@require_POST
@requires(Right.TEST_CONNECTION)
def check_roles(request: SignedInRequest) -> HttpResponse:
    """Read what Dataverse holds now; where it does not answer, what was read last stays."""
    company = company_of(request)
    if company is None:
        return redirect("security_roles")
    tables = [need.table for need in table_access.needed(company)]
    after, reason = {}, ""
    try:
        found = permissions.look(company, tables, now=clock.now())
        after = role_matrix.counts(*_compared(company, found))
    except IntegrationError as error:
        reason = told(error)
        messages.error(request, f"The roles could not be read. {reason}")
    trail.note(Act.TESTED, company, company=company, after=after, reason=reason, by=request.user)
    return back(request, "security_roles")


@require_GET
@requires(Right.EXPORT)
def export_roles(request: SignedInRequest) -> HttpResponse:
    """Answer the comparison as a file, a line for each access to a table (C-0806)."""
    if not has_right(request.user, Right.VIEW_ROLES):
        raise PermissionDenied(refusal(Right.VIEW_ROLES))
    company, form = company_of(request), request.GET.get("format", "csv")
    if company is None or form not in FORMATS:
        raise Http404
    found, at = permissions.last(company)
    rows = list(_lines(*_compared(company, found)))
    if request.GET.get("only") == "missing":
        rows = [row for row in rows if row[3] == "missing"]
    after = {"rows": len(rows), "format": FORMATS[form].caption, "as of": str(at or "never")}
    trail.note(
        Act.EXPORTED,
        kind="list",
        name="Security Roles",
        company=company,
        after=after,
        by=request.user,
    )
    return cast(HttpResponse, as_file("security-roles", form, HEADS, rows))


def _lines(roles: list[RoleRow], tables: list[TableRow]) -> Iterator[list[str]]:
    for role in roles:
        yield from _of_role(role)
    for row in tables:
        by = ", ".join(row.granted_by)
        for access, word in row.cells:
            if word:
                yield ["Mappings", row.table, access, word, ", ".join(row.needed_by), by]


def _of_role(role: RoleRow) -> Iterator[list[str]]:
    for holder, has_it in role.holders:
        word = "granted" if has_it else "missing"
        yield [role.name, "", f"Assigned to the {holder.kind}", word, SOLUTION, ""]
    for table, words in role.tables:
        for access, word in zip(COLUMNS, words, strict=True):
            if word:
                by = role.name if word in ("granted", "extra") else ""
                yield [role.name, table, access, word, SOLUTION, by]
