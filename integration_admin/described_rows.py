"""The rows of a company as a description wants them: filled and checked first, saved at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from audit import trail
from audit.facts import facts_of
from audit.terms import Act
from connections import sales_rules, setup, sign_in_forms
from connections.causes import Cause
from connections.errors import ConfigurationError
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
    SalesConnectionSetup,
    SignIn,
)
from connections.secrets import Secret
from connections.setup_fields import ApiAddress, WebAddress
from connections.string_edits import StringInStep
from connections.terms import AuthenticationType, SalesOrderModel
from integration_admin.descriptions import ACTS, Description, Part, wrong
from mappings import unit_groups

# What Sales lets people change while it is in use (E-9.7).
WHILE_ENABLED = frozenset(
    {
        "web_client_url",
        "sales_order_model",
        "auto_create_sales_orders",
        "auto_process_sales_quotes",
    }
)
# The pages' own fields for addresses.
FORM_FIELDS: Mapping[str, Callable[..., forms.CharField]] = {
    "server_address": ApiAddress,
    "authority": ApiAddress,
    "web_client_url": WebAddress,
    "resource": WebAddress,
    "redirect_url": partial(WebAddress, label="Redirect URL", is_secure=True),
}
Row = TypeVar("Row", bound=models.Model)


@dataclass(slots=True)
class DescribedRow:
    """A row that was filled with a part of a description."""

    row: models.Model
    names: tuple[str, ...]
    before: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        return self.row._state.adding

    def changed(self) -> set[str]:
        """Return the names of what is another than before."""
        after = facts_of(self.row, self.names)
        return {name for name in self.names if self.before.get(name) != after[name]}

    def save(self) -> None:
        """Save what is new; that it is enabled, and consent, are acts of their own."""
        is_new = self.is_new
        if not is_new and not self.changed():
            return
        columns = [column.name for column in self.row._meta.concrete_fields]
        own = [name for name in columns if name not in ("id", "consent_version", *setup.STATE)]
        self.row.save(update_fields=None if is_new else own)
        company = self.row if isinstance(self.row, Company) else getattr(self.row, "company", None)
        act = Act.CREATED if is_new else Act.CHANGED
        after = facts_of(self.row, self.names)
        trail.note(act, self.row, company=company, before=self.before, after=after)


@dataclass(frozen=True, slots=True)
class DescribedRows:
    """The company and its set-ups as they are to be."""

    company: Company
    rows: tuple[DescribedRow, ...]

    def of(self, model: type[Row]) -> Row:
        """Return the row of a model."""
        return next(one.row for one in self.rows if isinstance(one.row, model))

    def touch_what_is_in_use(self) -> bool:
        """E-9.7: whether a set-up changes that may not while it is enabled."""
        for one in self.rows:
            free = WHILE_ENABLED if isinstance(one.row, SalesConnectionSetup) else frozenset()
            if getattr(one.row, "is_enabled", False) and one.changed() - free:
                return True
        return False

    def save(self) -> None:
        try:
            with transaction.atomic():
                for one in self.rows:
                    one.save()
        except IntegrityError as error:
            message = "Somebody else set the same company up just now. Ask again."
            raise wrong(message) from error


def described(description: Description) -> DescribedRows:
    """Return the rows that are described; refuse what they may not hold."""
    identity = description.business_central_id
    company = Company.objects.filter(business_central_id=identity).first()
    if company is None:
        # Business Central tells the name once the connection works.
        company = Company(business_central_id=identity, name=str(identity)[:30])
    rows = DescribedRows(company, tuple(_filled_rows(company, description)))
    _check_sales(rows)
    _check_units(rows)
    return rows


def _check_sales(rows: DescribedRows) -> None:
    """What the form of Sales asks: the same environment, and orders that can come (C-0614)."""
    row = rows.of(SalesConnectionSetup)
    stored = next(one.before for one in rows.rows if one.row is row)
    now = stored.get("sales_order_model", SalesOrderModel.OFF)
    if "sales_order_model" not in stored and not row._state.adding:
        now = row.sales_order_model
    environment = rows.of(DataverseConnectionSetup).server_address
    for fault in (
        sales_rules.other_environment(row.server_address, environment),
        sales_rules.orders_switched(now, row.sales_order_model),
        sales_rules.orders_that_never_come(row),
    ):
        if fault:
            message = f"[sales] {fault.field}: {fault.sentence} ({fault.code})"
            raise wrong(message)


def _check_units(rows: DescribedRows) -> None:
    """Products keep their unit for good: with any coupled, the card switches the model (C-0620)."""
    if not rows.company.pk:
        return
    model = rows.of(SalesConnectionSetup).unit_of_measure_model
    if sentence := unit_groups.in_the_way(rows.company, model):
        message = (
            f"[sales] unit_of_measure_model: {sentence} Disable Sales and switch Unit Group "
            f"Mapping on its card. ({Cause.UNIT_GROUP})"
        )
        raise wrong(message)


def _filled_rows(company: Company, description: Description) -> Iterator[DescribedRow]:
    yield _filled(company, description.company, "company")
    yield _filled(
        _row(BusinessCentralConnection, company), description.business_central, "business_central"
    )
    dataverse = _row(DataverseConnectionSetup, company)
    yield _filled(dataverse, _kept(description.dataverse), "dataverse")
    yield _filled(_row(SalesConnectionSetup, company), _kept(description.sales), "sales")
    if description.deployment:
        # Who redeploys (C-0702) signs in where the connection does.
        who = _row(DeploymentIdentity, company)
        if who._state.adding:
            who.authority, who.tenant = dataverse.authority, dataverse.tenant
        yield _filled(who, description.deployment, "deployment")


def _kept(part: Part) -> Part:
    return {name: value for name, value in part.items() if name not in ACTS}


def _row(model: type[Row], company: Company) -> Row:
    is_new = company._state.adding
    stored = None if is_new else model._default_manager.filter(company=company).first()
    return stored or model(company=company)


def _filled(row: models.Model, part: Part, where: str) -> DescribedRow:
    names = tuple(part)
    before = {} if row._state.adding else facts_of(row, names)
    string = StringInStep(row) if isinstance(row, DataverseConnectionSetup) else None
    for name, value in part.items():
        if not _is_stored_secret(getattr(row, name), value):
            setattr(row, name, value)
    _check_addresses(part, where)
    try:
        row.clean_fields(exclude={"company"})
        row.validate_unique(exclude={"company"})
    except ValidationError as error:
        name, problems = next(iter(error.message_dict.items()))
        message = f"[{where}] {name}: {' '.join(problems)}"
        raise wrong(message) from error
    if isinstance(row, SignIn):
        _check_sign_in(row, part, string, where)
    return DescribedRow(row, names, before)


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
        raise wrong(message)


def _check_addresses(part: Part, where: str) -> None:
    """What the console calls must be admitted, as on the pages; what browsers open, an address."""
    for name in (name for name in FORM_FIELDS if part.get(name)):
        try:
            FORM_FIELDS[name](required=False).clean(part[name])
        except ValidationError as error:
            code = error.code or Cause.HOST_NOT_ALLOWED
            message = f"[{where}] {name}: {' '.join(error.messages)} ({code})"
            raise wrong(message) from error


def _is_stored_secret(stored: Any, value: Any) -> bool:
    """Whether this very secret is stored; sealed anew it would count as changed."""
    if not (isinstance(stored, Secret) and stored and value):
        return False
    try:
        return bool(stored.reveal() == value)
    except ConfigurationError:  # its key is gone
        return False
