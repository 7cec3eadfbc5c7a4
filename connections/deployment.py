"""What a redeploy works with: the deployment identity, and the package that is to be there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections.authentication import NEEDED
from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.models import Company, DeploymentIdentity, UploadedPackage
from connections.setup import check_complete, dataverse_setup
from connections.solution import package
from connections.solution.manifest import BASE_NAME, UNIQUE_NAME, shown
from connections.solution.package import Package
from connections.terms import AuthenticationType


def identity_of(company: Company) -> DeploymentIdentity:
    """Return who is stored to redeploy; the integration user may not (E-9.16)."""
    found = DeploymentIdentity.objects.filter(company=company).first()
    if found is None:
        message = (
            f"No deployment identity is stored for {company}. Store one, or sign in as a System "
            "Administrator when you redeploy."
        )
        raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)
    return found


def identity_for_once(company: Company, given: Mapping[str, Any]) -> DeploymentIdentity:
    """Return somebody who redeploys this time and is not stored.

    Authority and tenant are those of the connection with Dataverse, unless they are given.
    """
    row = dataverse_setup(company)
    identity = DeploymentIdentity(
        company=company, **{"authority": row.authority, "tenant": row.tenant, **given}
    )
    check_complete(identity, *NEEDED[AuthenticationType(identity.authentication_type)])
    return identity


def forget_identity(row: DeploymentIdentity, *, by: AbstractBaseUser | None = None) -> None:
    """Remove who is stored to redeploy, with the secret."""
    before = facts_of(row)
    with transaction.atomic():
        trail.note(Act.DELETED, row, before=before, by=by)
        row.delete()


# Every page of the solution needs the packages; they are not unpacked and parsed each time.
_checked = lru_cache(maxsize=4)(package.check)


def package_of(company: Company) -> Package:
    """Return the package an administrator uploaded, else the one that is shipped.

    It comes with the base package that it requires, which is chosen in the same way.
    """
    uploaded = {
        row.solution: bytes(row.content) for row in UploadedPackage.objects.filter(company=company)
    }
    return _together(uploaded.get(UNIQUE_NAME), uploaded.get(BASE_NAME))


@lru_cache(maxsize=4)
def _together(own: bytes | None, base: bytes | None) -> Package:
    if base is None:
        return _checked(own).after(package.shipped_base()) if own else package.shipped()
    return (_checked(own) if own else package.shipped()).after(_checked(base))


def uploaded_to(company: Company) -> set[str]:
    """Name the solutions whose packages were uploaded."""
    return set(UploadedPackage.objects.filter(company=company).values_list("solution", flat=True))


def version_of_package(company: Company) -> str:
    """Return the version of that package, without reading it."""
    rows = UploadedPackage.objects.filter(company=company, solution=UNIQUE_NAME)
    return rows.values_list("version", flat=True).first() or shown(
        package.shipped().manifest.version
    )


@transaction.atomic
def upload(
    company: Company, content: bytes, *, now: datetime, by: AbstractBaseUser | None = None
) -> Package:
    """Take a package instead of the shipped one of its solution, if it is what it should be."""
    checked = package.check(content)
    row, _ = UploadedPackage.objects.update_or_create(
        company=company,
        solution=package.NAMES[checked.manifest.unique_name.casefold()],
        defaults={
            "content": content,
            "version": shown(checked.manifest.version),
            "uploaded_at": now,
        },
    )
    after = {"solution": row.solution, "version": row.version}
    trail.note(Act.CREATED, row, company=company, after=after, by=by)
    return checked


@transaction.atomic
def use_shipped(company: Company, *, by: AbstractBaseUser | None = None) -> None:
    """Go back to the packages that are shipped."""
    for row in UploadedPackage.objects.filter(company=company):
        before = {"solution": row.solution, "version": row.version}
        trail.note(Act.DELETED, row, company=company, before=before, by=by)
        row.delete()
