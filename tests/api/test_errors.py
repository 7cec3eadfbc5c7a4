"""How the API refuses: one shape, whatever is wrong; and what its document says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from integration_admin.api import monitoring
from tests.api.conftest import Program

SHAPE = {"code", "sentence", "cure", "correlation_id", "problems"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nothing/here", None, 404, "E-NOTFOUND"),
        ("GET", "/", None, 404, "E-NOTFOUND"),
        ("PUT", "/couplings", {}, 405, "E-METHOD"),
        ("GET", "/couplings/abc", None, 422, "E-INPUT"),
        ("GET", "/couplings/99999999999999999999", None, 422, "E-INPUT"),
        ("GET", "/couplings/4711471147", None, 404, "E-NOTFOUND"),
        ("GET", "/couplings?limit=100000", None, 422, "E-INPUT"),
        ("GET", "/couplings?q=a%00b", None, 422, "E-INPUT"),
        ("GET", "/couplings?record=none", None, 422, "E-INPUT"),
        ("GET", "/mappings/a%00b", None, 422, "E-INPUT"),
        ("POST", "/couplings/retry", {"ids": []}, 422, "E-INPUT"),
        ("POST", "/couplings/retry", {"ids": ["; drop table"]}, 422, "E-INPUT"),
        ("POST", "/couplings/retry", [1], 422, "E-INPUT"),
        ("POST", "/mappings/CUSTOMER/synchronize", {"mode": "wild"}, 422, "E-INPUT"),
    ],
)
def test_every_refusal_has_the_one_shape(
    admin: Program, method: str, path: str, body: Any, status: int, code: str
) -> None:
    answer = admin.call(method, path, body)

    assert (answer.status, answer.json["code"]) == (status, code)
    assert set(answer.json) == SHAPE
    assert answer.json["sentence"]
    assert answer.json["cure"]
    assert answer.json["correlation_id"] == answer.headers["X-Correlation-ID"]


def test_what_is_wrong_with_a_field_stands_with_its_name(admin: Program) -> None:
    answer = admin.post("/couplings", {"mapping": "CUSTOMER", "business_central_id": "x"})

    fields = {problem["field"] for problem in answer.json["problems"]}
    assert fields == {"body.business_central_id", "body.dataverse_id"}


def test_a_body_that_is_no_json_is_told_so(admin: Program) -> None:
    response = Client().post(
        "/api/v1/couplings/retry",
        "{not json",
        content_type="application/json",
        headers={"Authorization": f"Bearer {admin.token}"},
    )

    assert (response.status_code, response.json()["code"]) == (400, "E-BODY")


def test_a_bug_is_told_with_its_id_and_without_its_trace(
    viewer: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: object, **_options: object) -> None:
        message = "planted trouble"
        raise LookupError(message)

    monkeypatch.setattr(monitoring, "answer", broken)

    answer = viewer.get("/runs")

    assert (answer.status, answer.json["code"]) == (500, "E-INTERNAL")
    assert "planted" not in str(answer.json)
    assert "planted trouble" in caplog.text


def test_a_company_that_is_not_connected_says_what_to_do(support: Program) -> None:
    answer = support.post("/mappings/CUSTOMER/preview", {})

    assert (answer.status, answer.json["code"]) == (409, "E-HOST")
    assert answer.json["cure"]


# The document


def test_the_document_describes_every_operation_and_every_refusal(viewer: Program) -> None:
    document = viewer.get("/openapi.json").json

    assert document["openapi"].startswith("3.")
    assert "/api/v1/couplings/{id}" in document["paths"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (method, path)
            assert {"401", "403", "422", "429"} <= set(operation["responses"]), (method, path)
            assert operation["security"] == [{"ApiToken": []}]
    scheme = document["components"]["securitySchemes"]["ApiToken"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


def test_every_reference_of_the_document_leads_somewhere(viewer: Program) -> None:
    document = viewer.get("/openapi.json").json
    schemas = document["components"]["schemas"]

    wanted = {
        part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]
    }

    assert wanted <= set(schemas)
    assert set(schemas["Error"]["properties"]) == SHAPE
