"""How the API says no: a code, one sentence on what is wrong, one on what to do."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from django.db.models import Model
from ninja import Schema

from audit import scene
from connections.errors import IntegrationError
from integration_admin.roles import Right


class Code(StrEnum):
    """The codes that are the API's own; what a system refuses has the code of its cause."""

    UNAUTHENTICATED = "E-UNAUTHENTICATED"
    CSRF = "E-CSRF"
    FORBIDDEN = "E-FORBIDDEN"
    SIGN_IN_AGAIN = "E-SIGN-IN-AGAIN"
    NOT_FOUND = "E-NOTFOUND"
    METHOD = "E-METHOD"
    INPUT = "E-INPUT"
    BODY = "E-BODY"
    CURSOR = "E-CURSOR"
    COMPANY = "E-COMPANY"
    TOO_MANY = "E-TOO-MANY"
    THROTTLED = "E-THROTTLED"
    CONFIRM = "E-CONFIRM"
    COUPLED = "E-COUPLED"
    RUNNING = "E-RUNNING"
    FINISHED = "E-NOTRUNNING"
    SCHEDULE = "E-SCHEDULE"
    BUSY = "E-BUSY"
    NEED_DATAVERSE = "E-NEED-DATAVERSE"
    SALES_ON = "E-SALES-ON"
    UNAVAILABLE = "E-UNAVAILABLE"
    INTERNAL = "E-INTERNAL"


class Problem(Schema):
    """What is wrong with one field of a request."""

    field: str
    sentence: str


class Error(Schema):
    """What every refusal of the API looks like."""

    code: str
    sentence: str
    cure: str
    correlation_id: str
    problems: list[Problem] = []


class RefusalError(Exception):
    """A request is not carried out; nothing was changed."""

    def __init__(
        self,
        status: int,
        code: str,
        sentence: str,
        cure: str,
        *,
        problems: Sequence[Problem] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.cure = cure
        self.problems = tuple(problems)
        self.retry_after = retry_after

    def as_json(self) -> dict[str, Any]:
        """Return the refusal in the one shape of errors."""
        return Error(
            code=str(self.code),
            sentence=self.sentence,
            cure=self.cure,
            correlation_id=scene.correlation_id(),
            problems=list(self.problems),
        ).model_dump()


def not_found(model: type[Model], key: object, cure: str) -> RefusalError:
    """Return the refusal for something that is not there, or belongs to another company."""
    return RefusalError(404, Code.NOT_FOUND, f"There is no {model._meta.verbose_name} {key}.", cure)


def of_problems(problems: Sequence[Problem], cure: str) -> RefusalError:
    """Return the refusal for a request that holds what is not allowed, field by field."""
    named = ", ".join(dict.fromkeys(problem.field for problem in problems))
    sentence = f"The request holds what is not allowed: {named}."
    return RefusalError(422, Code.INPUT, sentence, cure, problems=problems)


def lacks(right: Right) -> RefusalError:
    """Return the refusal for somebody who may not do this."""
    cure = "An administrator can give it to you."
    return RefusalError(403, Code.FORBIDDEN, f"You lack the right {right.codename}.", cure)


def of_system(error: IntegrationError, status: int) -> RefusalError:
    """Return what a system or set-up refused, with the message's own advice if it has one."""
    return RefusalError(status, error.cause, *error.told())
