"""What a person says of a connection, in a file, in the environment or over the API."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from uuid import UUID

from connections.causes import Cause
from connections.errors import ConfigurationError

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
# What is done rather than kept in a field.
ACTS = frozenset({"enabled", "consent"})
# What each part of a description may hold.
PARTS: Mapping[str, tuple[str, ...]] = {
    "company": ("name", "display_name", "business_central_id"),
    "business_central": (*SIGN_IN, "server_address", "resource", "web_client_url"),
    "dataverse": (
        *SIGN_IN,
        "server_address",
        "web_client_url",
        "redirect_url",
        "sdk_version",
        "connection_string",
        "ownership_model",
        "consent",
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


class DescriptionError(ConfigurationError):
    """What is described is not allowed; nothing was saved."""


def wrong(message: str) -> DescriptionError:
    """Return the refusal of a description."""
    return DescriptionError(message, cause=Cause.NOT_CONFIGURED)


def read_file(path: Path) -> Description:
    """Return what a TOML file says; a secret may stand in a variable or file that it names."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"The file {path} cannot be read: {error.strerror}."
        raise wrong(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"The file {path} is no TOML: {error}."
        raise wrong(message) from error
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
            raise wrong(message)
        _check_names(part, known, f"[{name}] ")
        take = resolve or _as_given
        parts[name] = {key: take(f"{name}.{key}", value) for key, value in part.items()}
    for name, act in (("sales", "enabled"), ("dataverse", "consent")):
        if not isinstance(parts[name].get(act, False), bool):
            message = f"{name}.{act} must be true or false, without quotation marks."
            raise wrong(message)
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
        raise wrong(message)
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
        # Nothing leaves this machine, so nobody has to accept that it does.
        dataverse={**sign_in, "server_address": given["DATAVERSE_URL"], "consent": True},
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
            raise wrong(message)


def _resolved(name: str, value: Any, path: Path) -> Any:
    """Return a value, or what stands where it points: {env = "NAME"} or {file = "path"}."""
    match value:
        case {"env": str(variable)} if len(value) == 1:
            if variable not in os.environ:
                message = f"{name} is to come from {variable}, which is not set."
                raise wrong(message)
            return os.environ[variable]
        case {"file": str(place)} if len(value) == 1:
            try:
                return (path.parent / place).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                message = f"{name} is to come from {place}, which cannot be read."
                raise wrong(message) from error
        case str() | bool():
            return value
        case _:
            message = f'{name} must be a text, {{env = "NAME"}} or {{file = "path"}}.'
            raise wrong(message)


def _as_given(name: str, value: Any) -> str | bool:
    if isinstance(value, str | bool):
        return value
    message = f"{name} must be a text or true or false."
    raise wrong(message)


def _id(text: str) -> UUID:
    try:
        return UUID(str(text))
    except ValueError as error:
        message = (
            "business_central_id is missing or is no id. Copy the id of the company from "
            "Business Central's api/v2.0/companies."
        )
        raise wrong(message) from error
