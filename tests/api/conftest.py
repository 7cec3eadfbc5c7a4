"""Programs that call the API with tokens, and a company with a past to be asked about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import django_rq
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from connections.models import BusinessCentralConnection, DataverseConnectionSetup
from integration_admin import tokens
from integration_admin.roles import Role
from tests.pages.factory import Past, make_company, make_user

ROOT = "/api/v1"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    json: Any
    headers: Any


@dataclass(frozen=True, slots=True)
class Program:
    """Something that calls the API; without a token it is nobody."""

    token: str = ""

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, body, headers=headers)

    def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        client = Client(enforce_csrf_checks=True, raise_request_exception=True)
        response = client.generic(
            method,
            f"{ROOT}{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers=sent,
        )
        content = response.getvalue().decode()
        return Answer(response.status_code, json.loads(content) if content else None, response)


def program_of(user: User) -> Program:
    """Give somebody a token and return the program that uses it."""
    number = user.api_tokens.count()
    _, text = tokens.create(user, f"Test {number}", days=1, now=timezone.now())
    return Program(text)


@pytest.fixture(autouse=True)
def fresh_budgets() -> None:
    """Let every test begin with all its requests."""
    redis = django_rq.get_connection("default")
    for key in redis.scan_iter("api:*"):
        redis.delete(key)


@pytest.fixture
def past(db: None) -> Past:
    past = Past(make_company(), timezone.now())
    past.everything(hours=1)
    # No test leaves the machine: a host that is not allowed is refused before it is called.
    for table in (BusinessCentralConnection, DataverseConnectionSetup):
        table.objects.update(
            authority="https://nowhere.example", server_address="https://nowhere.example"
        )
    return past


@pytest.fixture
def admin(past: Past) -> Program:
    return program_of(make_user(Role.ADMINISTRATOR))


@pytest.fixture
def operator(past: Past) -> Program:
    return program_of(make_user(Role.OPERATOR))


@pytest.fixture
def support(past: Past) -> Program:
    return program_of(make_user(Role.SUPPORT))


@pytest.fixture
def viewer(past: Past) -> Program:
    return program_of(make_user(Role.VIEWER))
