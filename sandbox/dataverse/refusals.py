"""What Dataverse answers when it refuses; codes as the platform knows them."""

from __future__ import annotations


class RefusalError(Exception):
    """A request that is refused with a status and a platform code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def payload(entity_set: str, message: str) -> RefusalError:
    text = f"Error identified in Payload provided by the user for Entity :'{entity_set}', {message}"
    return RefusalError(400, "0x80048d19", text)


def url(message: str) -> RefusalError:
    return RefusalError(400, "0x80060888", message)


def segment(name: str) -> RefusalError:
    return RefusalError(404, "0x8006088A", f"Resource not found for the segment '{name}'.")


def missing(table: str, key: str) -> RefusalError:
    name = table.capitalize()
    return RefusalError(404, "0x80040217", f"Entity '{name}' With Id = {key} Does Not Exist")


def missing_by_key() -> RefusalError:
    return RefusalError(404, "0x80060891", "A record with the specified key values does not exist.")


def stale() -> RefusalError:
    text = "The version of the existing record doesn't match the RowVersion property provided."
    return RefusalError(412, "0x80060882", text)


def exists() -> RefusalError:
    return RefusalError(412, "0x80040237", "A record with matching key values already exists.")


def duplicate() -> RefusalError:
    """What a unique index says that is no alternate key."""
    return RefusalError(412, "0x80040237", "Cannot insert duplicate key.")


def read_only_parent(parent: str, state: str) -> RefusalError:
    text = f"The parent is read only and cannot be edited. The {parent} is {state}."
    return RefusalError(400, "0x80043b09", text)


def foreign_unit() -> RefusalError:
    text = "The specified unit is not valid for this product."
    return RefusalError(400, "0x80043b14", text)


def list_currency() -> RefusalError:
    text = "The currency of the record does not match the currency of the price list."
    return RefusalError(400, "0x80048cf6", text)


def key_taken(key: str, columns: str) -> RefusalError:
    text = (
        f"Entity Key {key} violated. A record with the same value for {columns} already exists. A "
        "duplicate record cannot be created. Select one or more unique values and try again."
    )
    return RefusalError(412, "0x80060892", text)


def too_long(column: str, limit: int) -> RefusalError:
    text = (
        f"A validation error occurred. The length of the '{column}' attribute exceeded the "
        f"maximum allowed length of '{limit}'."
    )
    return RefusalError(400, "0x80044331", text)


def not_an_option(column: str, value: object) -> RefusalError:
    text = (
        f"A validation error occurred. The value {value} of '{column}' is outside the valid range."
    )
    return RefusalError(400, "0x8004431A", text)


def required(table: str, column: str) -> RefusalError:
    text = f"Attribute '{column}' of '{table}' is required and must have a value."
    return RefusalError(400, "0x80040200", text)


def privilege(name: str, user: str) -> RefusalError:
    text = f"Principal user (Id={user}, type=8) is missing {name} privilege."
    return RefusalError(403, "0x80040220", text)


def plugin(message: str) -> RefusalError:
    return RefusalError(400, "0x80040265", message)


def wrong_status(column: str) -> RefusalError:
    text = f"{column} is not a valid status code for the state code."
    return RefusalError(400, "0x80048408", text)


def administration_mode() -> RefusalError:
    """Only administrators get in; its code is documented nowhere."""
    return RefusalError(403, "0x0", "The environment is in administration mode.")


def solution_operation() -> RefusalError:
    """One operation on solutions at a time."""
    text = (
        "Cannot start another [Import] because there is a previous [Import] running at this "
        "moment. Use Solution History for more details."
    )
    return RefusalError(400, "0x80071151", text)


def method(name: str, what: str) -> RefusalError:
    return RefusalError(405, "0x80060888", f"The {name} method is not supported for {what}.")


def unsupported(what: str) -> RefusalError:
    text = f"{what} is not supported by this sandbox."
    return RefusalError(501, "0x80060888", text)
