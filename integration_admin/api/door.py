"""The API as a whole: its operations, how each error is told, and its OpenAPI document."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from connections.errors import IntegrationError, TransientError
from integration_admin.api import (
    connections,
    couplings,
    default_setup,
    encryption,
    health,
    item_availability,
    job_queue,
    lists,
    mappings,
    monitoring,
    redeploy,
)
from integration_admin.api.access import ApiToken
from integration_admin.api.refusals import (
    Code,
    Error,
    Problem,
    RefusalError,
    of_problems,
    of_system,
)
from integration_admin.chrome import VERSION
from integration_admin.roles import Right
from mappings.pairing import CouplingError
from syncjobs.leases import BusyError, StaleWorkerError
from syncjobs.queue import RunningError
from syncjobs.schedule import NeverOpenError

logger = logging.getLogger(__name__)
ERRORS = {
    "400": "The request cannot be understood",
    "401": "Nobody is signed in",
    "403": "A right is missing",
    "404": "There is no such thing",
    "409": "Not possible as things stand",
    "422": "A value is not allowed",
    "429": "Too many requests",
    "500": "Something went wrong here",
    "503": "Not available for the moment",
}
DESCRIPTION = """The verbs of the console's pages, with the same rights.

Send `Authorization: Bearer <token>`; tokens are made on the page API Tokens. Every refusal has the
shape of `Error`: a code, a sentence, a cure, and the correlation id that `X-Correlation-ID` also
carries. Lists answer `items` and `next`; `next` is the `cursor` of the next page, null on the last.
What takes longer than a moment answers 202 with the run to follow under `/runs/{id}`."""


class Door(NinjaAPI):
    """The API; its document also says how each operation refuses."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        options.setdefault("path_prefix", reverse("api:root"))
        schema = super().get_openapi_schema(**options)
        reference = {"$ref": "#/components/schemas/Error"}
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, words in ERRORS.items():
                    operation["responses"].setdefault(
                        status,
                        {
                            "description": words,
                            "content": {"application/json": {"schema": reference}},
                        },
                    )
        described = Error.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"] |= described.pop("$defs", {}) | {"Error": described}
        return schema


api = Door(
    title="Sales Integration Console",
    version=VERSION,
    description=DESCRIPTION,
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
)
PARTS = (
    connections, health, redeploy, default_setup, item_availability, encryption, mappings,
    couplings, monitoring, job_queue, lists,
)  # fmt: skip
for part in PARTS:
    api.add_router("", part.router)


@api.get("/openapi.json", auth=ApiToken(Right.VIEW_CONSOLE), include_in_schema=False)
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Describe every operation."""
    return JsonResponse(api.get_openapi_schema())


# Errors


def answer(refusal: RefusalError) -> HttpResponse:
    """Return a refusal as the API's answer."""
    response = JsonResponse(refusal.as_json(), status=refusal.status)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def _of_input(error: ValidationError) -> RefusalError:
    problems = [
        Problem(field=".".join(str(part) for part in one["loc"][1:]), sentence=str(one["msg"]))
        for one in error.errors
    ]
    cure = "Correct the fields under problems; the OpenAPI document says what they may hold."
    return of_problems(problems, cure)


# What verbs raise as a sentence for a person: status, code, and what to do.
SENTENCES: dict[type[Exception], tuple[int, Code, str]] = {
    CouplingError: (409, Code.COUPLED, "Look at both records, then ask again."),
    RunningError: (409, Code.RUNNING, "Wait until its run has finished, or cancel it."),
    NeverOpenError: (409, Code.SCHEDULE, "Correct the schedule of the entry."),
    BusyError: (409, Code.BUSY, "Ask again when it has finished."),
    StaleWorkerError: (409, Code.BUSY, "Ask again."),
}


def refusal_of(error: Exception) -> RefusalError:
    """Return what an error is told as; what nobody foresaw goes to the log with its trace."""
    if type(error) in SENTENCES:
        status, code, cure = SENTENCES[type(error)]
        return RefusalError(status, code, str(error), cure)
    match error:
        case RefusalError():
            return error
        case ValidationError():
            return _of_input(error)
        case HttpError():
            sentence, cure = "The body is no JSON object.", "Send valid JSON."
            return RefusalError(error.status_code, Code.BODY, sentence, cure)
        case IntegrationError():
            return of_system(error, 503 if isinstance(error, TransientError) else 409)
        case OperationalError() | InterfaceError():
            logger.error("The database does not answer.", exc_info=error)
            sentence, cure = "The console's database does not answer.", "Ask again soon."
            return RefusalError(503, Code.UNAVAILABLE, sentence, cure)
        case _:
            logger.error("An operation of the API failed.", exc_info=error)
            cure = "Ask again; if it stays, tell an administrator the correlation id."
            return RefusalError(500, Code.INTERNAL, "Something went wrong here.", cure)


def _told(_request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    return answer(refusal_of(error if isinstance(error, Exception) else error()))


for kind in (Exception, HttpError, ValidationError):
    api.add_exception_handler(kind, _told)


# Addresses


def _guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The API asks for a right itself, and tells in JSON which methods there are."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code != 405:
            return response
        allowed = response.headers["Allow"]
        refused = answer(
            RefusalError(405, Code.METHOD, f"{request.method} is not possible.", f"Use {allowed}.")
        )
        refused.headers["Allow"] = allowed
        return refused

    guarded.csrf_exempt = True  # type: ignore[attr-defined]  # asked for where a session is used
    return login_not_required(guarded)


def nothing(request: HttpRequest, **_rest: str) -> HttpResponse:
    """Say in JSON that an address of the API leads nowhere."""
    return answer(
        RefusalError(
            404,
            Code.NOT_FOUND,
            f"There is nothing at {request.path}.",
            "See /api/v1/openapi.json.",
        )
    )


def addresses() -> tuple[list[URLPattern], str, str]:
    """Return where the operations hang, behind their own door."""
    patterns, app, namespace = api.urls
    found = [pattern for pattern in patterns if isinstance(pattern, URLPattern)]
    found = [pattern for pattern in found if pattern.name != "api-root"]
    for pattern in found:
        pattern.callback = _guarded(pattern.callback)
    rest = path("<path:rest>", _guarded(nothing), name="nothing")
    root = path("", _guarded(nothing), name="root")
    return [*found, root, rest], app, namespace
