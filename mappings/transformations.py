"""Transformation rules: what is done to a value on its way, with Business Central's names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum


class TransformationKind(StrEnum):
    """Business Central's *Transformation Type*, with its captions."""

    UPPERCASE = "Uppercase"
    LOWERCASE = "Lowercase"
    TITLE_CASE = "Title Case"
    TRIM = "Trim"
    SUBSTRING = "Substring"
    REPLACE = "Replace"
    REGULAR_EXPRESSION_REPLACE = "Regular Expression - Replace"
    REMOVE_NON_ALPHANUMERIC = "Remove Non-Alphanumeric Characters"
    DATE_FORMATTING = "Date Formatting"
    DECIMAL_FORMATTING = "Decimal Formatting"
    REGULAR_EXPRESSION_MATCH = "Regular Expression - Match"
    DATE_AND_TIME_FORMATTING = "Date and Time Formatting"
    ROUND = "Round"
    EXTRACT_FROM_DATE = "Extract From Date"
    UNIX_TIMESTAMP = "Unix Timestamp"


class TransformationError(ValueError):
    """A value is not what its transformation rule expects (E-2.17)."""


@dataclass(frozen=True, slots=True)
class Transformation:
    """One rule; `next` is applied to its result.

    Positions count from 1, as Business Central's do. `data_format` is written with d, M, y, H, m
    and s.
    """

    code: str
    kind: TransformationKind
    find_value: str = ""
    replace_value: str = ""
    start_position: int = 0
    length: int = 0
    starting_text: str = ""
    ending_text: str = ""
    data_format: str = ""
    decimal_separator: str = "."
    precision: Decimal = Decimal("0.01")
    rounding: str = "="  # "=" to the nearest, ">" up, "<" down
    date_part: str = "Year"
    next: Transformation | None = None

    def apply(self, text: str) -> str:
        """Return the text transformed; raise TransformationError if it cannot be."""
        result = _RULES[self.kind](self, text)
        return self.next.apply(result) if self.next else result

    def followed_by(self, other: Transformation) -> Transformation:
        """Return this rule, and the other one after it and its own next ones."""
        following = self.next.followed_by(other) if self.next else other
        return Transformation(
            **{
                name: getattr(self, name)
                for name in Transformation.__dataclass_fields__
                if name != "next"
            },
            next=following,
        )


def _title_case(_: Transformation, text: str) -> str:
    return re.sub(r"\S+", lambda word: word[0][:1].upper() + word[0][1:].lower(), text)


def _substring(rule: Transformation, text: str) -> str:
    if rule.starting_text:
        _, found, text = text.partition(rule.starting_text)
        if not found:
            return ""
    elif rule.start_position > 0:
        text = text[rule.start_position - 1 :]
    if rule.ending_text:
        return text.partition(rule.ending_text)[0]
    return text[: rule.length] if rule.length > 0 else text


def _replace(rule: Transformation, text: str) -> str:
    return text.replace(rule.find_value, rule.replace_value) if rule.find_value else text


def _pattern(rule: Transformation) -> re.Pattern[str]:
    try:
        return re.compile(rule.find_value)
    except re.error as error:
        message = f"Transformation rule {rule.code}: the regular expression is wrong ({error})."
        raise TransformationError(message) from error


def _expression_replace(rule: Transformation, text: str) -> str:
    # .NET writes $1 where Python writes \1.
    replacement = re.sub(r"\$(\d+)", r"\\g<\1>", rule.replace_value.replace("\\", "\\\\"))
    try:
        return _pattern(rule).sub(replacement, text)
    except (re.error, IndexError) as error:
        message = f"Transformation rule {rule.code}: the replacement is wrong ({error})."
        raise TransformationError(message) from error


def _expression_match(rule: Transformation, text: str) -> str:
    found = _pattern(rule).search(text)
    return found[0] if found else ""


def _remove_non_alphanumeric(_: Transformation, text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


_DIRECTIVES = {
    "yyyy": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m",
    "dd": "%d", "d": "%d", "HH": "%H", "H": "%H", "hh": "%I", "h": "%I",
    "mm": "%M", "m": "%M", "ss": "%S", "s": "%S", "tt": "%p", "zzz": "%z",
}  # fmt: skip
_DIRECTIVE = re.compile(r"yyyy|yy|M{1,4}|dd?|HH?|hh?|mm?|ss?|tt|zzz|%")


def _parsed(rule: Transformation, text: str) -> datetime:
    """Read a moment in the rule's format, else in the ISO one."""
    try:
        if rule.data_format:
            pattern = _DIRECTIVE.sub(lambda m: _DIRECTIVES.get(m[0], "%%"), rule.data_format)
            moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - made aware below
        else:
            moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"Transformation rule {rule.code}: {text!r} is in incorrect format."
        raise TransformationError(message) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _date_formatting(rule: Transformation, text: str) -> str:
    return _parsed(rule, text).date().isoformat() if text.strip() else ""


def _date_and_time_formatting(rule: Transformation, text: str) -> str:
    return _parsed(rule, text).astimezone(UTC).isoformat() if text.strip() else ""


def _decimal(rule: Transformation, text: str) -> Decimal:
    grouping = "," if rule.decimal_separator == "." else "."
    plain = re.sub(r"\s", "", text).replace(grouping, "").replace(rule.decimal_separator, ".")
    try:
        number = Decimal(plain)
    except InvalidOperation as error:
        message = f"Transformation rule {rule.code}: {text!r} is in incorrect format."
        raise TransformationError(message) from error
    if not number.is_finite():
        message = f"Transformation rule {rule.code}: {text!r} is not a number."
        raise TransformationError(message)
    return number


def _decimal_formatting(rule: Transformation, text: str) -> str:
    return format(_decimal(rule, text), "f") if text.strip() else ""


def _round(rule: Transformation, text: str) -> str:
    if not text.strip():
        return ""
    if rule.precision <= 0:
        message = f"Transformation rule {rule.code}: the precision must be greater than 0."
        raise TransformationError(message)
    modes = {">": ROUND_CEILING, "<": ROUND_FLOOR}
    steps = (_decimal(rule, text) / rule.precision).quantize(
        Decimal(1), rounding=modes.get(rule.rounding, ROUND_HALF_UP)
    )
    return format(steps * rule.precision, "f")


_DATE_PARTS: Mapping[str, Callable[[date], int]] = {
    "Year": lambda day: day.year,
    "Month": lambda day: day.month,
    "Day": lambda day: day.day,
    "Week": lambda day: day.isocalendar().week,
    "Quarter": lambda day: (day.month + 2) // 3,
}


def _extract_from_date(rule: Transformation, text: str) -> str:
    if not text.strip():
        return ""
    part = _DATE_PARTS.get(rule.date_part)
    if part is None:
        message = f"Transformation rule {rule.code}: {rule.date_part!r} is no part of a date."
        raise TransformationError(message)
    return str(part(_parsed(rule, text).date()))


def _unix_timestamp(rule: Transformation, text: str) -> str:
    if not text.strip():
        return ""
    try:
        return datetime.fromtimestamp(float(text), UTC).isoformat()
    except (ValueError, OverflowError, OSError) as error:
        message = f"Transformation rule {rule.code}: {text!r} is no Unix timestamp."
        raise TransformationError(message) from error


_RULES: Mapping[TransformationKind, Callable[[Transformation, str], str]] = {
    TransformationKind.UPPERCASE: lambda _, text: text.upper(),
    TransformationKind.LOWERCASE: lambda _, text: text.lower(),
    TransformationKind.TITLE_CASE: _title_case,
    TransformationKind.TRIM: lambda _, text: text.strip(),
    TransformationKind.SUBSTRING: _substring,
    TransformationKind.REPLACE: _replace,
    TransformationKind.REGULAR_EXPRESSION_REPLACE: _expression_replace,
    TransformationKind.REMOVE_NON_ALPHANUMERIC: _remove_non_alphanumeric,
    TransformationKind.DATE_FORMATTING: _date_formatting,
    TransformationKind.DECIMAL_FORMATTING: _decimal_formatting,
    TransformationKind.REGULAR_EXPRESSION_MATCH: _expression_match,
    TransformationKind.DATE_AND_TIME_FORMATTING: _date_and_time_formatting,
    TransformationKind.ROUND: _round,
    TransformationKind.EXTRACT_FROM_DATE: _extract_from_date,
    TransformationKind.UNIX_TIMESTAMP: _unix_timestamp,
}
