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
from connections.solution.manifest import shown
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


# Every page of the solution needs the package; it is not unpacked and parsed each time.
_checked = lru_cache(maxsize=2)(package.check)


def package_of(company: Company) -> Package:
    """Return the package an administrator uploaded; else the one that is shipped."""
    uploaded = UploadedPackage.objects.filter(company=company).first()
    return _checked(bytes(uploaded.content)) if uploaded else package.shipped()


def version_of_package(company: Company) -> str:
    """Return the version of that package, without reading it."""
    uploaded = UploadedPackage.objects.filter(company=company).values_list("version", flat=True)
    return uploaded.first() or shown(package.shipped().manifest.version)


@transaction.atomic
def upload(
    company: Company, content: bytes, *, now: datetime, by: AbstractBaseUser | None = None
) -> Package:
    """Take a package instead of the shipped one, if it is what it should be."""
    checked = package.check(content)
    row, _ = UploadedPackage.objects.update_or_create(
        company=company,
        defaults={
            "content": content,
            "version": shown(checked.manifest.version),
            "uploaded_at": now,
        },
    )
    trail.note(Act.CREATED, row, company=company, after={"version": row.version}, by=by)
    return checked


@transaction.atomic
def use_shipped(company: Company, *, by: AbstractBaseUser | None = None) -> None:
    """Go back to the package that is shipped."""
    for row in UploadedPackage.objects.filter(company=company):
        trail.note(Act.DELETED, row, company=company, before={"version": row.version}, by=by)
        row.delete()
