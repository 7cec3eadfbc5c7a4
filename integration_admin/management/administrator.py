"""Who signs in to Sales as an administrator for a command: stored, named, or asked for."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import CommandError

from connections import deployment, setup
from connections.models import Company, DeploymentIdentity
from connections.terms import AuthenticationType
from integration_admin.management.commandline import COULD_NOT_RUN

SECRET = "DEPLOYMENT_SECRET"  # noqa: S105 - the name of a variable


def add_sign_in(parser: ArgumentParser) -> None:
    """Let the command take somebody else than who is stored."""
    parser.add_argument(
        "--client-id", help=f"an application; its secret is asked for, or stands in {SECRET}"
    )
    parser.add_argument(
        "--user-name",
        help="a person, through the application of --client-id or else of the connection; "
        f"the password is asked for, or stands in {SECRET}",
    )


def identity_of(company: Company, options: dict[str, Any]) -> DeploymentIdentity:
    """Return who signs in: who is named, else who is stored, else who is asked for."""
    application = options["client_id"] or ""
    if options["user_name"]:
        return _person(company, options["user_name"], application)
    if application:
        return _application(company, application, _secret("Client secret: "))
    stored = DeploymentIdentity.objects.filter(company=company).first()
    if stored is not None:
        return stored
    if not sys.stdin.isatty():
        return deployment.identity_of(company)  # raises, and says what to do
    who = input("Client Id of an application, or e-mail of a System Administrator: ").strip()
    if "@" in who:
        return _person(company, who, "")
    return _application(company, who, _secret("Client secret: "))


def _application(company: Company, client_id: str, secret: str) -> DeploymentIdentity:
    given = {"client_id": client_id, "client_secret": secret}
    return deployment.identity_for_once(company, given)


def _person(company: Company, user_name: str, client_id: str) -> DeploymentIdentity:
    """A person signs in through an application; the connection's may do it if it is public."""
    given = {
        "authentication_type": AuthenticationType.PASSWORD,
        "client_id": client_id or setup.dataverse_setup(company).client_id,
        "user_name": user_name,
        "password": _secret("Password: "),
    }
    return deployment.identity_for_once(company, given)


def _secret(prompt: str) -> str:
    kept = os.environ.get(SECRET)
    if kept:
        return kept
    if not sys.stdin.isatty():
        message = f"A secret is needed. Put it into the variable {SECRET}."
        raise CommandError(message, returncode=COULD_NOT_RUN)
    return getpass(prompt)
