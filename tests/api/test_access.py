"""Tokens and sessions: how a caller proves who it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from audit.terms import Act
from integration_admin import tokens
from integration_admin.models import ApiToken
from integration_admin.roles import Role
from integration_admin.tokens import TokenError
from tests.api.conftest import Program, program_of
from tests.pages.factory import Past, make_user


@pytest.fixture
def vera(db: None) -> User:
    return make_user(Role.VIEWER, "vera")


def test_a_token_is_kept_as_a_digest_only(vera: User) -> None:
    token, text = tokens.create(vera, "Reporting", days=90, now=timezone.now())

    kept = str(list(ApiToken.objects.values())) + str(list(AuditEntry.objects.values()))
    assert text not in kept
    assert token.digest == tokens.digest_of(text)
    assert len(text) >= 40
    assert token.digest not in str(list(AuditEntry.objects.values()))


def test_a_token_is_shown_once_on_the_page_and_named_afterwards(vera: User) -> None:
    client = Client()
    client.force_login(vera)

    made = client.post("/api-tokens/create/", {"name": "Reporting", "days": "30"})
    again = client.get("/api-tokens/")

    text = next(word for word in made.content.decode().replace("<", ">").split(">")
                if word.startswith("sic_"))  # fmt: skip
    assert "no-store" in made.headers["Cache-Control"]
    assert text not in again.content.decode()
    assert text[-4:] in again.content.decode()
    assert Program(text).get("/openapi.json").status == 200


def test_a_token_acts_as_its_user_and_its_last_use_is_noted(vera: User, past: Past) -> None:
    program = program_of(vera)

    answer = program.get("/couplings")

    token = ApiToken.objects.get(user=vera)
    assert answer.status == 200
    assert token.last_used_at is not None
    assert token.last_used_from == "127.0.0.1"


@pytest.mark.parametrize("wrong", ["", "sic_nonsense", "sic_" + "x" * 5000, "é"])
def test_a_wrong_token_is_refused_and_told_how_to_get_one(past: Past, wrong: str) -> None:
    client = Client()

    response = client.get("/api/v1/couplings", headers={"Authorization": f"Bearer {wrong}"})

    assert response.status_code == 401
    assert response.json()["code"] == "E-UNAUTHENTICATED"
    assert "API Tokens" in response.json()["cure"]
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_that_is_over_or_of_somebody_switched_off_is_refused(vera: User) -> None:
    program = program_of(vera)
    assert program.get("/openapi.json").status == 200

    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    over = program.get("/openapi.json").status
    ApiToken.objects.update(expires_at=None)
    User.objects.update(is_active=False)
    switched_off = program.get("/openapi.json").status

    assert (over, switched_off) == (401, 401)


def test_a_revoked_token_works_no_longer(vera: User) -> None:
    client, program = Client(), program_of(vera)
    client.force_login(vera)
    token = ApiToken.objects.get()

    asked = client.post(f"/api-tokens/{token.pk}/revoke/")
    client.post(f"/api-tokens/{token.pk}/revoke/", {"confirmed": "yes"})

    assert "refused from now on" in asked.content.decode()
    assert program.get("/openapi.json").status == 401
    assert AuditEntry.objects.filter(act=Act.DELETED, object_kind="API token").exists()


def test_nobody_revokes_or_sees_the_token_of_somebody_else(vera: User) -> None:
    program_of(vera)
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR, "ada"))
    token = ApiToken.objects.get()

    answer = client.post(f"/api-tokens/{token.pk}/revoke/", {"confirmed": "yes"})

    assert answer.status_code == 404
    assert token.name not in client.get("/api-tokens/").content.decode()


def test_two_tokens_of_one_name_are_refused_with_what_to_do(vera: User) -> None:
    tokens.create(vera, "Reporting", days=None, now=timezone.now())

    with pytest.raises(TokenError, match="Revoke it first"):
        tokens.create(vera, " Reporting ", days=None, now=timezone.now())
    with pytest.raises(TokenError, match="Give the token a name"):
        tokens.create(vera, " ", days=None, now=timezone.now())


# Sessions


def test_a_session_reads_without_and_acts_only_with_a_csrf_token(past: Past) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(Role.OPERATOR))
    client.get("/api-tokens/")
    csrf = client.cookies["csrftoken"].value

    read = client.get("/api/v1/couplings")
    bare = client.post("/api/v1/mappings/synchronize", secure=True)
    proper = client.post(
        "/api/v1/mappings/synchronize",
        headers={"X-CSRFToken": csrf, "Referer": "https://testserver/"},
        secure=True,
    )

    assert read.status_code == 200
    assert (bare.status_code, bare.json()["code"]) == (403, "E-CSRF")
    assert proper.status_code == 202


# Limits


def test_a_caller_that_asks_too_often_is_told_when_to_go_on(vera: User, settings: Settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    program = program_of(vera)

    answers = [program.get("/openapi.json") for _ in range(8)]

    refused = [answer for answer in answers if answer.status == 429]
    assert len(refused) >= 2  # a new minute may begin in between
    assert refused[0].json["code"] == "E-THROTTLED"
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 60


def test_guessing_tokens_ends_soon(db: None, settings: Settings) -> None:
    settings.API_FAILURES_PER_MINUTE = 2

    statuses = {Program(f"sic_{number}").get("/companies").status for number in range(8)}

    assert statuses == {401, 429}


def test_what_is_done_by_token_is_noted_as_the_users_through_the_api(
    operator: Program, past: Past
) -> None:
    row = past.couplings(1)[0]

    operator.call("DELETE", f"/couplings/{row.pk}", headers={"X-Correlation-ID": "ticket-4711"})

    entry = AuditEntry.objects.get(act=Act.COUPLING_DELETED)
    assert (entry.source, entry.user_name) == ("API", "operator")
    assert entry.correlation_id == "ticket-4711"
