"""What names people is shown to whoever may see it, and to nobody else, whichever way they ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import JSONField, Model
from django.test import Client
from django.urls import reverse

from connections.models import DeploymentIdentity, Redeployment
from integration_admin.exporting import list_pages
from integration_admin.personal import fields_of
from integration_admin.roles import ROLES, VIEWER, Right, Role, has_right
from mappings.models import Coupling, OptionCoupling, PendingCoupling
from syncjobs.causes import explain
from syncjobs.models import Run, SynchError
from tests.api.conftest import program_of
from tests.api.test_rights import RIGHTS, path_of
from tests.pages.addresses import (
    ACTS,
    BEFORE_SIGN_IN,
    FOR_STAFF,
    RIGHT_OF_FILE,
    RIGHT_OF_PAGE,
    address,
    names,
)
from tests.pages.factory import Past, make_user

PLANTED = "Planted"
CLOSED = ACTS | BEFORE_SIGN_IN | FOR_STAFF | {"sign_out"} | set(RIGHT_OF_FILE)
PERSONAL = [model for model in apps.get_models() if fields_of(model)]
ANNA = {"username": "anna.planted", "email": "anna@planted.example", "first_name": "Planted Anna"}
# Of each kind of record, the address where an administrator reads what was planted.
READ = {
    "Coupling.name": "coupling",
    "Coupling.last_error": "coupling",
    "PendingCoupling.name": "pending_couplings",
    "PendingCoupling.message": "pending_couplings",
    "OptionCoupling.last_error": "option_errors",
    "SynchError.record_name": "errors",
    "SynchError.message": "all_errors",
    "JobQueueEntry.error_message": "job_queue_entry",
    "Run.log": "run",
    "HealthCheck.sentence": "health",
    "DataverseConnectionSetup.integration_user_name": "connections",
    "Redeployment.error_message": "redeploy",
    "PlannedChange.record_name": "planned_changes",
}


def planted(model: type[Model], name: str) -> Any:
    """Return a value that names somebody, in the shape of the field."""
    text = f"{PLANTED} {model.__name__}.{name}"
    if not isinstance(model._meta.get_field(name), JSONField):
        return text
    shapes: dict[str, Any] = {
        "log": [["2026-11-25T10:00:00+00:00", text]],
        "steps": [[1, text]],
        "fields": [["Name", text, text]],
        "problems": [[text, text, "E-ROLES"]],
    }
    return shapes.get(name, [text])


@pytest.fixture
def people(past: Past) -> Past:
    """A past in which every field that may name people names one."""
    options = {"mapping_name": "PAYMENT TERMS", "option_value": 1, "option_caption": "1 M"}
    OptionCoupling.objects.create(
        company=past.company, business_central_id=past.company.business_central_id,
        business_central_key="1M", skipped=True, **options,
    )  # fmt: skip
    DeploymentIdentity.objects.create(company=past.company)
    Redeployment.objects.create(company=past.company, started_at=past.now, result="Failed")
    for model in PERSONAL:
        values = {name: planted(model, name) for name in fields_of(model)}
        assert model._default_manager.update(**values), f"the past holds no {model.__name__}"
    anna = make_user(Role.ADMINISTRATOR, ANNA["username"])
    User.objects.filter(pk=anna.pk).update(**ANNA)
    Run.objects.update(user=anna)
    return past


def pages_of(user: User) -> Iterator[tuple[str, str]]:
    """Yield every page that somebody may open, and lists as they are asked for in detail."""
    client = Client()
    client.force_login(user)
    for name in names():
        if name not in CLOSED and has_right(user, RIGHT_OF_PAGE.get(name, Right.VIEW_CONSOLE)):
            yield name, client.get(address(name)).content.decode()
    for name, kind in list_pages():
        if not has_right(user, kind.right):
            continue
        every = [getattr(one, "name", one) for one in kind.columns]
        asked: dict[str, Any] = {"column": every, "pane": "open", "view": "all"}
        yield f"{name} with all columns", client.get(reverse(name), asked).content.decode()
        for form in ("csv", "json"):
            file = client.get(reverse("export_list", args=[name]), {**asked, "format": form})
            yield f"{name} as {form}", b"".join(file).decode()


def answers_of(user: User) -> Iterator[tuple[str, str]]:
    """Yield every answer of the API that reads."""
    program = program_of(user)
    for operation, right in RIGHTS.items():
        method, path = path_of(operation)
        if method == "GET" and has_right(user, right) and "export" not in path:
            yield operation, str(program.get(path).json)


def test_a_viewer_reads_nowhere_what_names_people(people: Past) -> None:  # C-4013, C-4024
    viewer = make_user(Role.VIEWER)

    shown = [*pages_of(viewer), *answers_of(viewer)]

    assert len(shown) > 60
    assert [where for where, text in shown if PLANTED.casefold() in text.casefold()] == []


def test_an_administrator_reads_it_on_the_pages_and_through_the_api(people: Past) -> None:
    admin = make_user(Role.ADMINISTRATOR)

    pages, answers = dict(pages_of(admin)), dict(answers_of(admin))

    assert [what for what, page in READ.items() if f"{PLANTED} {what}" not in pages[page]] == []
    assert f"{PLANTED} Coupling.name" in answers["GET /couplings/{id}"]
    assert f"{PLANTED} SynchError.message" in answers["GET /errors"]
    assert f"{PLANTED} Run.log" in answers["GET /runs/{id}"]
    assert f"{PLANTED} Coupling.name" in pages["couplings as csv"]
    assert ANNA["username"] in pages["run"]


@pytest.mark.parametrize("name", ["couplings", "all_errors", "pending_couplings", "runs"])
def test_a_viewer_finds_no_rows_by_what_they_may_not_see(people: Past, name: str) -> None:
    client = Client()
    client.force_login(make_user(Role.VIEWER))

    found = client.get(reverse(name), {"q": PLANTED, "view": "all"})

    assert "No rows match" in found.content.decode()


def test_a_viewer_neither_sorts_nor_filters_by_people(people: Past) -> None:
    client = Client()
    client.force_login(make_user(Role.VIEWER))
    program = program_of(User.objects.get(username="viewer"))

    runs = client.get(reverse("runs"), {"user": ANNA["username"], "view": "all"})
    errors = client.get(reverse("all_errors"), {"view": "all"})

    assert len(runs.context["rows"]) == min(Run.objects.count(), 50)
    assert 'id="f-user"' not in runs.content.decode()
    assert "sort=record_name" not in errors.content.decode()
    assert program.get("/errors?sort=record_name").status == 422


def test_numbers_and_causes_stay_where_names_are_hidden(people: Past) -> None:
    client = Client()
    client.force_login(make_user(Role.VIEWER))
    coupling = Coupling.objects.exclude(business_central_key="").first()
    assert coupling is not None

    card = client.get(reverse("coupling", args=[coupling.pk])).content.decode()
    errors = client.get(reverse("all_errors"), {"view": "all"}).content.decode()
    pending = client.get(reverse("pending_couplings")).content.decode()

    assert coupling.business_central_key in card
    assert explain(SynchError.objects.latest("pk").cause).title in errors
    assert str(PendingCoupling.objects.order_by("-failed_at", "-pk")[0].record_id) in pending


def test_the_right_is_that_of_support_and_above() -> None:
    assert Right.VIEW_PERSONAL not in VIEWER
    assert all(Right.VIEW_PERSONAL in ROLES[role] for role in Role if role != Role.VIEWER)
