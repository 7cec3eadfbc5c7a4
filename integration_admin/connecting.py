"""Connects a company with both systems from a description: set-ups, test, mappings, jobs."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models, transaction

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections import checks, company_row, sales_status, setup, sign_in_forms
from connections.causes import Cause
from connections.checks import Check
from connections.errors import ConfigurationError, IntegrationError
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
    SalesConnectionSetup,
    SignIn,
)
from connections.secrets import Secret
from connections.string_edits import StringInStep
from connections.systems import Selection
from connections.terms import AuthenticationType
from mappings import new_choices, reset
from mappings.reset import ResetSummary
from syncjobs import activation

SIGN_IN = (
    "authority",
    "tenant",
    "authentication_type",
    "client_id",
    "client_secret",
    "client_secret_expires_on",
    "certificate",
    "private_key",
    "user_name",
    "password",
)
# What each part of a description may hold.
PARTS: Mapping[str, tuple[str, ...]] = {
    "company": ("name", "display_name", "business_central_id"),
    "business_central": (*SIGN_IN, "server_address", "resource", "web_client_url"),
    "dataverse": (
        *SIGN_IN,
        "server_address",
        "web_client_url",
        "sdk_version",
        "connection_string",
        "ownership_model",
    ),
    "sales": (
        "enabled",
        "server_address",
        "web_client_url",
        "connection_mode",
        "sales_order_model",
        "auto_create_sales_orders",
        "auto_process_sales_quotes",
        "unit_of_measure_model",
        "price_model",
    ),
    "deployment": SIGN_IN,
}
PREFIX = "SANDBOX_"
EXPORTED = (
    "AUTHORITY", "TENANT", "INTEGRATION_CLIENT_ID", "INTEGRATION_CLIENT_SECRET", "BC_URL",
    "BC_COMPANY_ID", "DATAVERSE_URL", "CONTROL_URL",
)  # fmt: skip
Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Description:
    """What a person says of a connection; what is left out stays as it is."""

    business_central_id: UUID
    company: Part = field(default_factory=dict)
    business_central: Part = field(default_factory=dict)
    dataverse: Part = field(default_factory=dict)
    sales: Part = field(default_factory=dict)
    deployment: Part = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What connecting led to; without mappings if a check failed."""

    company: Company
    checks: list[Check]
    created_row: bool = False
    mappings: ResetSummary | None = None
    jobs: int = 0

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if not check.passed]


# Descriptions


def read_file(path: Path) -> Description:
    """Return what a TOML file says; a secret may stand in a variable or file that it names."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"The file {path} cannot be read: {error.strerror}."
        raise _wrong(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"The file {path} is no TOML: {error}."
        raise _wrong(message) from error
    return of_parts(content, lambda name, value: _resolved(name, value, path))


def of_parts(
    content: Mapping[str, Any], resolve: Callable[[str, Any], Any] | None = None
) -> Description:
    """Return what parts say; a value is a text or a yes or no, unless `resolve` knows more."""
    _check_names(content, PARTS, "")
    parts: dict[str, dict[str, Any]] = {}
    for name, known in PARTS.items():
        part = content.get(name, {})
        if not isinstance(part, dict):
            message = f"{name} must be a section: [{name}]."
            raise _wrong(message)
        _check_names(part, known, f"[{name}] ")
        take = resolve or _as_given
        parts[name] = {key: take(f"{name}.{key}", value) for key, value in part.items()}
    if not isinstance(parts["sales"].get("enabled", False), bool):
        message = "sales.enabled must be true or false, without quotation marks."
        raise _wrong(message)
    identity = parts["company"].pop("business_central_id", "")
    return Description(_id(identity), **parts)


def from_environment() -> Description:
    """Return what the environment of a running sandbox says, as the integration user."""
    missing = [name for name in EXPORTED if not os.environ.get(PREFIX + name)]
    if missing:
        message = (
            f"{PREFIX}{missing[0]} is not set. Start a sandbox with `python -m sandbox serve`, "
            'then: eval "$(python -m sandbox env)".'
        )
        raise _wrong(message)
    given = {name: os.environ[PREFIX + name] for name in EXPORTED}
    sign_in = {
        "authority": given["AUTHORITY"],
        "tenant": given["TENANT"],
        "client_id": given["INTEGRATION_CLIENT_ID"],
        "client_secret": given["INTEGRATION_CLIENT_SECRET"],
        "web_client_url": given["CONTROL_URL"],
    }
    return Description(
        _id(given["BC_COMPANY_ID"]),
        business_central={**sign_in, "server_address": given["BC_URL"]},
        dataverse={**sign_in, "server_address": given["DATAVERSE_URL"]},
        sales={"server_address": given["DATAVERSE_URL"]},
        deployment=_administrator(sign_in),
    )


def _administrator(sign_in: Part) -> Part:
    """Return who may redeploy in the sandbox, where its environment says so."""
    who, secret = (os.environ.get(PREFIX + name, "") for name in ("CLIENT_ID", "CLIENT_SECRET"))
    if not (who and secret):
        return {}
    place = {name: sign_in[name] for name in ("authority", "tenant")}
    return {**place, "client_id": who, "client_secret": secret}


def _check_names(given: Part, known: Mapping[str, Any] | tuple[str, ...], where: str) -> None:
    for name in given:
        if name not in known:
            near = get_close_matches(name, list(known), n=1)
            advice = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
            message = f"{where}{name} is not known. {advice}"
            raise _wrong(message)


def _resolved(name: str, value: Any, path: Path) -> Any:
    """Return a value, or what stands where it points: {env = "NAME"} or {file = "path"}."""
    match value:
        case {"env": str(variable)} if len(value) == 1:
            if variable not in os.environ:
                message = f"{name} is to come from {variable}, which is not set."
                raise _wrong(message)
            return os.environ[variable]
        case {"file": str(place)} if len(value) == 1:
            try:
                return (path.parent / place).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                message = f"{name} is to come from {place}, which cannot be read."
                raise _wrong(message) from error
        case str() | bool():
            return value
        case _:
            message = f'{name} must be a text, {{env = "NAME"}} or {{file = "path"}}.'
            raise _wrong(message)


def _as_given(name: str, value: Any) -> str | bool:
    if isinstance(value, str | bool):
        return value
    message = f"{name} must be a text or true or false."
    raise _wrong(message)


def _id(text: str) -> UUID:
    try:
        return UUID(str(text))
    except ValueError as error:
        message = (
            "business_central_id is missing or is no id. Copy the id of the company from "
            "Business Central's api/v2.0/companies."
        )
        raise _wrong(message) from error


class DescriptionError(ConfigurationError):
    """What is described is not allowed; nothing was saved."""


def _wrong(message: str) -> DescriptionError:
    return DescriptionError(message, cause=Cause.NOT_CONFIGURED)


# Connecting


def connect(
    description: Description,
    *,
    now: datetime,
    jobs: bool = True,
    start: bool = True,
    sales: bool = False,
    reset_mappings: bool = False,
) -> Outcome:
    """Bring a company to what is described; again it changes only what is described anew.

    If a check fails, the settings are kept and a connection that was not enabled stays so.
    Mappings that are there follow the choices and stay as they are otherwise, unless they are to
    be reset.
    """
    company = _save(description)
    found = checks.test_connection(company)
    if not all(check.passed for check in found):
        return Outcome(company, found)
    was_enabled, had_sales = setup.is_enabled(company), setup.has_sales(company)
    _enable(company, sales=sales or description.sales.get("enabled"), now=now)
    company = Company.objects.get(pk=company.pk)  # with the set-ups as they are now
    created_row = read_facts(company, named=bool(description.company.get("name")))
    has_sales = setup.has_sales(company)
    if has_sales:
        with suppress(IntegrationError):  # the page of the set-up says what Sales did not tell
            sales_status.introduce(company, now=now)
    bring = reset.use_default_synchronization_setup if reset_mappings else new_choices.apply
    summary = bring(company)
    entries = activation.create_default_entries(company, now=now, start=start) if jobs else []
    if jobs and start and (not was_enabled or (has_sales and not had_sales)):
        activation.resume(company, now=now, has_sales=has_sales)
    return Outcome(company, found, created_row, summary, len(entries))


@transaction.atomic
def _save(description: Description) -> Company:
    identity = description.business_central_id
    company = Company.objects.filter(business_central_id=identity).first()
    if company is None:
        # Business Central tells the name once the connection works.
        company = Company(business_central_id=identity, name=str(identity)[:30])
    _fill(company, description.company, "company")
    for model, part, name in (
        (BusinessCentralConnection, description.business_central, "business_central"),
        (DataverseConnectionSetup, description.dataverse, "dataverse"),
        (SalesConnectionSetup, description.sales, "sales"),
    ):
        row = model._default_manager.filter(company=company).first() or model(company=company)
        _fill(row, {key: value for key, value in part.items() if key != "enabled"}, name)
    if description.deployment:
        _save_identity(company, description.deployment)
    return company


def _save_identity(company: Company, part: Part) -> None:
    """Store who redeploys (C-0702); where it signs in is where the connection does."""
    row = DeploymentIdentity.objects.filter(company=company).first()
    if row is None:
        there = setup.dataverse_setup(company)
        row = DeploymentIdentity(company=company, authority=there.authority, tenant=there.tenant)
    _fill(row, part, "deployment")


def _fill(row: models.Model, part: Part, where: str) -> None:
    before = facts_of(row, tuple(part)) if row.pk else {}
    is_new = row.pk is None
    string = StringInStep(row) if isinstance(row, DataverseConnectionSetup) else None
    for name, value in part.items():
        if not _is_stored_secret(getattr(row, name), value):
            setattr(row, name, value)
    try:
        row.clean_fields(exclude={"company"})
        row.validate_unique(exclude={"company"})
    except ValidationError as error:
        name, problems = next(iter(error.message_dict.items()))
        message = f"[{where}] {name}: {' '.join(problems)}"
        raise _wrong(message) from error
    if isinstance(row, SignIn):
        _check_sign_in(row, part, string, where)
    row.save()
    after = facts_of(row, tuple(part))
    if is_new or before != after:
        company = row if isinstance(row, Company) else getattr(row, "company", None)
        act = Act.CREATED if is_new else Act.CHANGED
        trail.note(act, row, company=company, before=before, after=after)


def _check_sign_in(row: SignIn, part: Part, string: StringInStep | None, where: str) -> None:
    """Refuse what does not fit the type, and let fields and connection string say the same."""
    kind = AuthenticationType(row.authentication_type)
    given = {field.name: getattr(row, field.name) for field in row._meta.concrete_fields}
    found = [(one.field, one.sentence, one.code) for one in sign_in_forms.faults(kind, given)]
    if not found and string is not None:
        of_string = string.settle(part.get("connection_string"))
        found = [("connection_string", one.sentence, one.code) for one in of_string]
    if found:
        name, sentence, code = found[0]
        message = f"[{where}] {name}: {sentence} ({code})"
        raise _wrong(message)


def _is_stored_secret(stored: Any, value: Any) -> bool:
    """Whether this very secret is stored; sealed anew it would count as changed."""
    if not (isinstance(stored, Secret) and stored and value):
        return False
    try:
        return bool(stored.reveal() == value)
    except ConfigurationError:  # its key is gone
        return False


def _enable(company: Company, *, sales: bool | None, now: datetime) -> None:
    """Enable Dataverse, and Sales if that is said; unsaid, Sales stays as it is."""
    setup.enable(setup.dataverse_setup(company))
    row = SalesConnectionSetup.objects.get(company=company)
    if sales:
        setup.enable(row)
    elif sales is False and row.is_enabled:
        with transaction.atomic():
            setup.disable(row)
            activation.hold_sales(company, now=now)
        sales_status.take_leave(row)


def _free_name(company: Company, name: str) -> str:
    """Return the name that Business Central gives; environments may hold companies of one name."""
    taken = Company.objects.exclude(pk=company.pk).filter(name=name[:30]).exists()
    return f"{name[:21]} {company.business_central_id.hex[:8]}" if taken else name[:30]


def read_facts(company: Company, *, named: bool) -> bool:
    """Note what the systems tell of the company; True if its row in Dataverse was created."""
    systems = setup.systems_of(company)
    names = ("name", "displayName")
    wanted = [company.business_central_id]
    told = systems.business_central.get("companies", wanted, names).values()
    for record in told:
        if not named:
            company.name = _free_name(company, str(record.values["name"]))
        company.display_name = company.display_name or str(record.values["displayName"])
    selection = Selection("generalLedgerSetup", ("localCurrencyCode",))
    for page in systems.business_central.read(selection):
        company.local_currency_code = str(page[0].values["localCurrencyCode"])
    company.save()
    row = setup.dataverse_setup(company)
    row.integration_user_id = me = systems.dataverse.who_am_i()
    users = systems.dataverse.get("systemuser", [me], ("fullname",))
    row.integration_user_name = str(users[me].values["fullname"])[:200]
    row.save(update_fields=["integration_user_id", "integration_user_name"])
    return company_row.stamp(company, row, systems.dataverse)
