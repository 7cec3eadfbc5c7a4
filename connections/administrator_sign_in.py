"""Somebody signs in to Sales as an administrator for one act and is not stored (C-0614, C-0702)."""

from __future__ import annotations

from typing import Any, ClassVar

from connections import health, setup
from connections.checks import IMPATIENT
from connections.errors import IntegrationError
from connections.models import Company, DeploymentIdentity
from connections.setup_forms import EXPIRES, DeploymentForm, Problem, Sections
from connections.solution_host import SolutionHost


def form_for_once(company: Company, data: Any = None) -> DeploymentForm:
    """Return the form of a sign-in at the place where the connection signs in."""
    there = setup.dataverse_setup(company)
    given = DeploymentIdentity(company=company, authority=there.authority, tenant=there.tenant)
    return OnceForm(data, instance=given)


class OnceForm(DeploymentForm):
    """What is used once and forgotten has no day on which it ends."""

    sections: ClassVar[Sections] = tuple(
        (caption, tuple(name for name in names if name != EXPIRES))
        for caption, names in DeploymentForm.sections
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields[EXPIRES]


def problems_of(company: Company, form: DeploymentForm) -> list[Problem]:
    """Sign in as the act will, so that what is wrong stands next to its field."""
    return faults_of(form) or _refusals(company, form)


def faults_of(form: DeploymentForm) -> list[Problem]:
    """Return what is wrong with what was entered, before anybody signs in."""
    return form.problems() if not form.is_valid() else form.missing()


def _refusals(company: Company, form: DeploymentForm) -> list[Problem]:
    client = None
    try:
        row = setup.dataverse_setup(company)
        client = setup.dataverse_as(form.instance, row, timing=IMPATIENT)
        SolutionHost(client).check_administrator()
    except IntegrationError as error:
        return form.located([health.refused("Sign-in", error)])
    finally:
        if client is not None:
            client.close()
    return []
