"""What Business Central answers when it refuses; codes and texts as the service knows them."""

from __future__ import annotations

from typing import Any


class RefusalError(Exception):
    """A request that is refused with a status and a code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def body(message: str) -> RefusalError:
    return RefusalError(400, "BadRequest", message)


def url(message: str) -> RefusalError:
    return RefusalError(400, "BadRequest_InvalidRequestUrl", message)


def syntax(message: str) -> RefusalError:
    return RefusalError(400, "BadRequest_NotFound", message)


def unknown_property(name: str, entity: str) -> RefusalError:
    return body(
        f"The property '{name}' does not exist on type 'Microsoft.NAV.{entity}'. Make sure to only "
        "use property names that are defined by the type."
    )


def no_property(name: str, entity: str) -> RefusalError:
    text = f"Could not find a property named '{name}' on type 'Microsoft.NAV.{entity}'."
    return body(text)


def wrong_type(value: Any, edm: str) -> RefusalError:
    return body(f"Cannot convert the literal '{value}' to the expected type '{edm}'.")


def too_long(text: str, limit: int) -> RefusalError:
    shown = f"The length of the string is {len(text)}, but it must be less than or equal to {limit}"
    message = f"{shown} characters. Value: {text}"
    return RefusalError(400, "Application_StringExceededLength", message)


def read_only(name: str) -> RefusalError:
    text = f"Control '{name}' is read-only."
    return RefusalError(400, "BadRequest_InvalidOperation", text)


def segment(name: str) -> RefusalError:
    text = f"Resource not found for the segment '{name}'."
    return RefusalError(404, "BadRequest_ResourceNotFound", text)


def missing(caption: str, key: str) -> RefusalError:
    text = f"The {caption} does not exist. Identification fields and values: {key}"
    return RefusalError(404, "Internal_RecordNotFound", text)


def no_company(key: str) -> RefusalError:
    text = f'Cannot find the company with the id or name "{key}".'
    return RefusalError(404, "Internal_CompanyNotFound", text)


def exists(caption: str, fields: str) -> RefusalError:
    text = f"The {caption} already exists. Identification fields and values: {fields}"
    return RefusalError(400, "Internal_EntityWithSameKeyExists", text)


def no_token() -> RefusalError:
    text = (
        "Could not validate the client concurrency token required by the service. Please provide a "
        "valid token in the client request."
    )
    return RefusalError(400, "BadRequest_InvalidToken", text)


def changed() -> RefusalError:
    text = "Another user has already changed the record."
    return RefusalError(409, "Request_EntityChanged", text)


def no_relation(caption: str, field: str, value: str, related: str) -> RefusalError:
    text = (
        f"The field {field} of table {caption} contains a value ({value}) that cannot be found in "
        f"the related table ({related})."
    )
    return RefusalError(400, "Internal_InvalidTableRelation", text)


def required(name: str) -> RefusalError:
    text = f"The field '{name}' must not be blank. A value must be provided."
    return RefusalError(400, "BadRequest_RequiredParamNotProvided", text)


def dialog(message: str) -> RefusalError:
    """The normal business refusal: an Error() of the application."""
    return RefusalError(400, "Application_DialogException", message)


def field(message: str) -> RefusalError:
    """A TestField of the application that failed."""
    return RefusalError(400, "Application_FieldValidationException", message)


def method(name: str, what: str) -> RefusalError:
    text = (
        f"'{name}' requests for '{what}' of EdmType 'Entity' are not allowed within this service."
    )
    return RefusalError(405, "BadRequest_MethodNotAllowed", text)


def not_implemented(text: str) -> RefusalError:
    return RefusalError(501, "BadRequest_MethodNotImplemented", text)


def permission(verb: str, caption: str, user: str) -> RefusalError:
    text = (
        f"Sorry, the current permissions prevented the action. (TableData {caption} {verb}: {user})"
    )
    return RefusalError(403, "Internal_ServerError", text)
