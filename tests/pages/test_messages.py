"""Pages that say why something cannot be shown: a sentence, a cure, a code."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from integration_admin import urls
from integration_admin.views import failed, forbidden
from syncjobs.models import Run
from syncjobs.terms import RunStatus
from tests.pages.factory import Past

handler403, handler500 = forbidden, failed
NOWHERE = {
    "default": {
        "URL": "unix:///nowhere/redis.sock",
        "SERIALIZER": "rq.serializers.JSONSerializer",
    }
}


def lose_the_database(_request: HttpRequest) -> HttpResponse:
    message = "the server closed the connection"
    raise OperationalError(message)


def be_wrong(_request: HttpRequest) -> HttpResponse:
    raise LookupError


urlpatterns = [
    *urls.urlpatterns,
    path("lost/", lose_the_database, name="lost"),
    path("wrong/", be_wrong, name="wrong"),
]


def test_an_unknown_address_gets_a_page_with_a_code(admin: Client) -> None:
    response = admin.get("/nowhere/")

    assert response.status_code == 404
    assert "E-NOTFOUND" in response.content.decode()


def test_what_a_button_refuses_is_told_with_its_code_and_the_id_of_that_request(
    past: Past, admin: Client
) -> None:  # C-0006
    past.mappings()

    refused = admin.post(f"/mappings/{past.mapping().pk}/synchronize/", {"mode": "sideways"})
    shown = admin.get(refused["Location"]).content.decode()

    assert 'to synchronize it. <code class="nowrap">E-SELECT</code>' in shown
    assert refused["X-Correlation-ID"] in shown


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [("/lost/", 503, "The database does not answer"), ("/wrong/", 500, "Something went wrong")],
)
def test_a_failure_gets_a_page_that_needs_nothing_that_may_be_broken(
    admin: Client, address: str, status: int, sentence: str
) -> None:
    admin.raise_request_exception = False
    with override_settings(ROOT_URLCONF=__name__):
        response = admin.get(address)

    assert response.status_code == status
    assert sentence in response.content.decode()
    assert "LookupError" not in response.content.decode()


def test_a_run_is_taken_down_even_while_redis_is_away(past: Past, admin: Client) -> None:
    past.mappings()
    with override_settings(RQ_QUEUES=NOWHERE):
        response = admin.post(
            f"/mappings/{past.mapping().pk}/synchronize/", {"mode": "modified"}, follow=True
        )

    assert Run.objects.get().status == RunStatus.WAITING
    assert "Redis does not answer" in response.content.decode()


def test_pages_open_while_redis_is_away(full_past: Past, admin: Client) -> None:
    with override_settings(RQ_QUEUES=NOWHERE):
        for address in ("/", "/job-queue/", "/runs/"):
            assert admin.get(address).status_code == 200


def test_pages_allow_no_foreign_script_and_no_inline_style(full_past: Past, admin: Client) -> None:
    response = admin.get("/")
    html = response.content.decode()

    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "style=" not in html
    assert "onclick" not in html
