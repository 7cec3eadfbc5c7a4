"""A set-up's fields and its connection string in step: editing one changes the other (C-0634)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError

from connections.causes import Cause
from connections.connection_string import (
    ConnectionStringError,
    Facts,
    Pair,
    Pairs,
    build,
    built,
    changed,
    current,
    is_name,
    parse,
    values_of,
)
from connections.connection_string_verdicts import Fault, Verdict, problems, verdicts
from connections.errors import ConfigurationError
from connections.models import DataverseConnectionSetup
from connections.setup import environment_of
from connections.setup_fields import ApiAddress
from connections.terms import AuthenticationType

# What a fact is called as a field of the set-up.
FIELDS = {
    "url": "server_address",
    "user_name": "user_name",
    "client_id": "client_id",
    "authority": "authority",
    "redirect_url": "redirect_url",
    "sdk_version": "sdk_version",
}
ADDRESSES = ("url", "authority")


def facts_of(row: DataverseConnectionSetup) -> Facts:
    """Return what the fields of a set-up say of its connection string."""
    try:
        url = environment_of(row) if row.server_address else ""
    except ConfigurationError:
        url = row.server_address
    return Facts(
        kind=AuthenticationType(row.authentication_type),
        url=url,
        user_name=row.user_name,
        client_id=row.client_id,
        authority=row.authority,
        redirect_url=row.redirect_url,
        sdk_version=row.sdk_version,
    )


def shown(row: DataverseConnectionSetup) -> str:
    """Return the string of a set-up, which follows its fields, whoever changed them."""
    facts = facts_of(row)
    return current(row.connection_string, facts) if row.connection_string else built(facts)


def judged(row: DataverseConnectionSetup, text: str) -> list[Verdict]:
    """Return what is to be thought of each name of a string; nothing where it cannot be read."""
    try:
        return verdicts(parse(text), facts_of(row))
    except ConnectionStringError:
        return []


def table_text(given: Mapping[str, str]) -> str | None:
    """Return the string that the rows of the table stand for, None where there is no table.

    A name that is not known goes with its value.
    """
    numbers = [key.rpartition("_")[2] for key in given if key.startswith("string_name_")]
    if not numbers:
        return None
    rows = [Pair(given[f"string_name_{n}"].strip(), given.get(f"string_value_{n}", "").strip())
            for n in numbers]  # fmt: skip
    return build(row for row in rows if is_name(row.name) and (row.key or row.value))


def one_of(stored: str, text: str, table: str | None) -> str:
    """Return which of both views was edited; raise if they were edited apart."""
    if table is None or _same(table, stored) or _same(table, text):
        return text
    if _same(text, stored):
        return table
    message = (
        "The text and the table of the connection string were both changed. Change one of them."
    )
    raise ConnectionStringError(message)


def settle(row: DataverseConnectionSetup, before: Facts, stored: str, given: str) -> list[Fault]:
    """Bring a set-up and its string into step; return why that cannot be, and change nothing then.

    `before` and `stored` are fields and string as they were, the row holds the fields as they are
    to be, `given` is the string as it came back.
    """
    after = facts_of(row)
    if _same(given, stored):
        row.connection_string = stored if after == before else changed(stored, before, after)
        return []
    try:
        pairs = parse(given)
    except ConnectionStringError as error:
        return [Fault(str(error), "E-TYPE")]
    told = _told(pairs, stored)
    now = _with(after, told)
    found = [Fault(one.sentence, one.code) for one in problems(pairs, now)]
    found += [*_contradictions(before, after, told), *_refused_addresses(told)]
    if found:
        return found
    for name, value in told.items():
        setattr(row, FIELDS[name], value)
    was = _with(replace(before, kind=after.kind), told)
    row.connection_string = changed(build(pairs), was, now)
    return []


def _with(facts: Facts, told: Mapping[str, str]) -> Facts:
    return replace(facts, **dict[str, Any](told))


class StringInStep:
    """The string of a set-up whose fields are about to be set one by one."""

    def __init__(self, row: DataverseConnectionSetup) -> None:
        self.row = row
        self.before = facts_of(row)
        self.stored = shown(row)

    def settle(self, given: str | None) -> list[Fault]:
        """Bring both into step; without a string the fields lead."""
        return settle(self.row, self.before, self.stored, self.stored if given is None else given)


def _same(one: str, other: str) -> bool:
    try:
        return build(parse(one)) == build(parse(other))
    except ConnectionStringError:
        return one == other


def _told(pairs: Pairs, stored: str) -> dict[str, str]:
    """Return the fields that were changed in the string."""
    try:
        was = values_of(parse(stored))
    except ConnectionStringError:
        was = {}
    return {name: value for name, value in values_of(pairs).items() if value != was.get(name)}


def _contradictions(before: Facts, after: Facts, told: Mapping[str, str]) -> Iterator[Fault]:
    for name, value in told.items():
        field = getattr(after, name)
        if field not in (getattr(before, name), value):
            sentence = f"The string says {value}, the field {field}. Change one of them."
            yield Fault(sentence, "E-MISMATCH")


def _refused_addresses(told: Mapping[str, str]) -> Iterable[Fault]:
    for name in ADDRESSES:
        try:
            ApiAddress(required=False).clean(told.get(name, ""))
        except ValidationError as error:
            yield Fault(" ".join(error.messages), str(error.code or Cause.HOST_NOT_ALLOWED))
