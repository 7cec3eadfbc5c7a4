"""Whether an environment lets others in than its administrators."""

from __future__ import annotations

from connections.catalogue import CATALOGUE
from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError
from connections.odata import Client

ORGANIZATION = (
    "RetrieveCurrentOrganization(AccessType=@p)"
    "?@p=Microsoft.Dynamics.CRM.EndpointAccessType'Default'"
)
ENABLED = "Enabled"
NOT_A_MEMBER = "0x80072560"  # no user, or a disabled one


def check_open(client: Client) -> str:
    """Refuse an environment in administration mode; it tells whom it still lets in, or nobody."""
    try:
        detail = client.get(ORGANIZATION).object().get("Detail") or {}
    except IntegrationError as error:
        if error.cause == Cause.ADMINISTRATION_MODE:
            message = "The environment is in administration mode."
            raise refusal(message, Cause.ADMINISTRATION_MODE) from error
        if NOT_A_MEMBER in error.detail:
            message = "Dataverse has no enabled user for this sign-in."
            raise refusal(message, Cause.USER_NONE) from error
        raise
    state = str(detail.get("State") or ENABLED)
    name = detail.get("FriendlyName") or detail.get("UniqueName") or "The environment"
    if state != ENABLED:
        sentence = f"{name} is in administration mode ({state})."
        raise refusal(sentence, Cause.ADMINISTRATION_MODE)
    return f"{name} is open to everybody."


def refusal(sentence: str, cause: Cause) -> ConfigurationError:
    """Return a refusal that says what to do as well."""
    return ConfigurationError(f"{sentence} {CATALOGUE[cause].advice}", cause=cause)
