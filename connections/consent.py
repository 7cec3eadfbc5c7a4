"""The consent that data leaves Business Central: asked once, kept, and audited (E-9.10)."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from audit import trail
from audit.terms import Act
from connections.health import Finding, State
from connections.models import Company, DataverseConnectionSetup
from connections.systems import Side

NAME = "Consent"
VERSION = "2026-11"
TEXT = (
    "Synchronizing sends records of Business Central, among them names, addresses and other data "
    "of persons, to Dataverse, which may lie in another region and under other terms. From then on "
    "the terms of Dataverse and Dynamics 365 hold for that data."
)


def is_given(company: Company | None) -> bool:
    """Whether somebody has accepted that data leaves Business Central."""
    rows = DataverseConnectionSetup.objects.filter(company=company)
    return rows.exclude(consent_version="").exists()


@transaction.atomic
def give(company: Company, *, by: AbstractBaseUser | None = None) -> None:
    """Accept the text of now; who has accepted one is not asked again."""
    if keep(company):
        note(company, by=by)


def keep(company: Company) -> bool:
    """Remember what was accepted; False if that was known already."""
    rows = DataverseConnectionSetup.objects.filter(company=company, consent_version="")
    return bool(rows.update(consent_version=VERSION))


def note(company: Company | None, *, by: AbstractBaseUser | None = None) -> None:
    """C-0302: who accepted which text; in a guide before anything is set up."""
    trail.note(
        Act.CHANGED,
        kind="consent",
        name=f"Data leaves Business Central, text of {VERSION}",
        company=company,
        before={"accepted": ""},
        after={"accepted": VERSION},
        by=by,
    )


def check(company: Company) -> list[Finding]:
    """Look whether it was given."""
    if is_given(company):
        return [Finding(Side.DATAVERSE, NAME, State.HEALTHY, "Data may leave Business Central.")]
    sentence = "Nobody has accepted yet that data leaves Business Central."
    cure = (
        "Accept it where you enable the connection; a file or the API says consent = true in its "
        "part dataverse."
    )
    return [Finding(Side.DATAVERSE, NAME, State.WRONG, sentence, cure, "E-REQUIRED", (NAME,))]
