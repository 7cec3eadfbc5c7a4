"""The trail that acts leave, whichever way they come in."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from audit import scene, trail
from audit.models import AppendOnlyError, AuditEntry
from audit.scene import CorrelationFilter, Scene
from audit.terms import Act, Source
from connections import setup
from connections.causes import Cause
from connections.models import Company
from integration_admin.described_rows import described
from integration_admin.descriptions import Description
from integration_admin.roles import Role
from mappings import pairing, reset
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs import queue
from syncjobs.models import JobQueueEntry, Run
from syncjobs.terms import JobStatus, RunStatus, Trigger
from tests.pages.factory import PASSWORD, Past, make_company, make_user


@pytest.fixture
def company(db: None) -> Company:
    return make_company()


@pytest.fixture
def past(company: Company) -> Past:
    past = Past(company, timezone.now())
    past.mappings()
    AuditEntry.objects.all()._raw_delete("default")
    return past


def newest(act: Act) -> AuditEntry:
    return AuditEntry.objects.filter(act=act).latest("pk")


def test_an_entry_is_never_changed_and_never_deleted(company: Company) -> None:
    entry = trail.note(Act.CHANGED, company)

    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(act="Created"),
    ):
        with pytest.raises(AppendOnlyError):
            attempt()
    assert AuditEntry.objects.get().act == Act.CHANGED


def test_an_entry_outlives_the_person_and_the_company(company: Company) -> None:
    olga = make_user(Role.OPERATOR, "olga")
    trail.note(Act.CHANGED, company, company=company, by=olga)

    olga.delete()
    company.delete()

    entry = AuditEntry.objects.get()
    assert (entry.user_name, entry.company_name) == ("olga", "CRONUS International Ltd.")


def test_what_is_done_on_the_command_line_says_so(past: Past) -> None:
    past.skip(past.couplings(2), Cause.VALUE_INVALID, "wrong")

    call_command("retry", "CUSTOMER")

    entry = newest(Act.RETRIED)
    assert entry.source == Source.COMMAND
    assert entry.user_id is None
    assert "2 skipped records of CUSTOMER" in entry.object_name


def test_a_retry_on_the_page_names_person_address_and_request(past: Past, client: Client) -> None:
    row = past.couplings(1)[0]
    past.skip([row], Cause.VALUE_INVALID, "wrong")
    client.force_login(make_user(Role.SUPPORT, "sue"))

    client.post(
        f"/couplings/{row.pk}/retry/", headers={"X-Correlation-ID": "ticket-4711"},
        REMOTE_ADDR="192.0.2.7",
    )  # fmt: skip

    entry = newest(Act.RETRIED)
    assert (entry.user_name, entry.source, entry.address) == ("sue", Source.PAGE, "192.0.2.7")
    assert entry.correlation_id == "ticket-4711"
    assert (entry.object_kind, entry.object_key) == ("coupling", str(row.pk))
    assert (entry.before, entry.after) == ({"skipped": True}, {"skipped": False})


def test_a_deleted_coupling_can_be_read_in_its_entry(past: Past) -> None:
    row = past.couplings(1)[0]

    pairing.remove([row.pk], by=make_user(Role.OPERATOR, "olga"))

    entry = newest(Act.COUPLING_DELETED)
    assert entry.before["dataverse_id"] == str(row.dataverse_id)
    assert entry.before["business_central_id"] == str(row.business_central_id)
    assert entry.after == {}


def test_an_act_on_very_many_leaves_one_entry(past: Past) -> None:
    rows = past.couplings(trail.MOST_ROWS + 1)

    pairing.remove([row.pk for row in rows])

    entry = newest(Act.COUPLING_DELETED)
    assert entry.object_name == "101 couplings"
    assert AuditEntry.objects.count() == 1
    assert Coupling.objects.count() == 0


def test_a_reset_names_each_mapping_it_changed_and_how(past: Past) -> None:
    IntegrationTableMapping.objects.filter(name="CUSTOMER").update(guard_percent=80)

    reset.use_default_synchronization_setup(past.company, by=make_user(Role.ADMINISTRATOR, "ada"))

    changed = AuditEntry.objects.get(act=Act.CHANGED)
    assert changed.object_name == "CUSTOMER"
    assert (changed.before, changed.after) == ({"guard_percent": 80}, {"guard_percent": 30})
    assert newest(Act.RESET).user_name == "ada"


def test_each_verb_of_the_job_queue_leaves_its_entry(past: Past) -> None:
    past.everything(hours=1)
    olga, now = make_user(Role.OPERATOR, "olga"), timezone.now()
    entry = JobQueueEntry.objects.filter(status=JobStatus.READY).first()
    assert entry is not None

    queue.set_on_hold(entry, now=now, by=olga)
    queue.set_ready(entry, now=now, by=olga)
    queue.restart(entry, now=now, by=olga)
    run = queue.run_now(entry, now=now, user=olga)
    queue.cancel(run, now=now, by=olga)

    acts = list(AuditEntry.objects.order_by("pk").values_list("act", "user_name"))[-5:]
    assert [act for act, _ in acts] == [
        Act.SET_ON_HOLD,
        Act.SET_READY,
        Act.RESTARTED,
        Act.RUN_STARTED,
        Act.RUN_CANCELLED,
    ]
    assert {name for _, name in acts} == {"olga"}
    held = AuditEntry.objects.get(act=Act.SET_ON_HOLD)
    assert (held.before["status"], held.after["status"]) == ("Ready", "On Hold")


def test_a_run_by_schedule_leaves_no_entry_of_its_own(past: Past) -> None:
    queue.enqueue(
        past.company, "synchronize", description="x", now=timezone.now(), trigger=Trigger.SCHEDULE
    )

    assert not AuditEntry.objects.filter(act=Act.RUN_STARTED).exists()


def test_a_run_that_is_over_cannot_be_cancelled_nor_is_that_noted(past: Past) -> None:
    run = past.run("CUSTOMER", timezone.now(), RunStatus.SUCCESS)

    queue.cancel(run, now=timezone.now())

    assert Run.objects.get(pk=run.pk).status == RunStatus.SUCCESS
    assert not AuditEntry.objects.filter(act=Act.RUN_CANCELLED).exists()


def test_switching_a_connection_off_and_on_is_noted_once_each(company: Company) -> None:
    row = setup.dataverse_setup(company)
    setup.disable(company.sales_connection_setup)

    setup.disable(row, reason="move")
    setup.disable(row, reason="move")
    setup.enable(row)

    mine = AuditEntry.objects.filter(object_kind="Dataverse Connection Setup").order_by("pk")
    assert [(entry.act, entry.reason) for entry in mine] == [
        (Act.DISABLED, "move"),
        (Act.ENABLED, ""),
    ]
    assert mine[0].before == {"is_enabled": True, "disable_reason": ""}


def test_a_set_up_from_a_file_is_noted_without_its_secret(company: Company) -> None:
    planted = "planted-secret-4711"
    description = Description(
        company.business_central_id,
        dataverse={"client_secret": planted, "tenant": "other.example"},
    )

    described(description).save()

    entry = AuditEntry.objects.get(object_kind="Dataverse Connection Setup")
    assert entry.act == Act.CHANGED
    assert entry.after["tenant"] == "other.example"
    assert entry.after["client_secret"] in ("set", "replaced")
    assert planted not in str(list(AuditEntry.objects.values()))


def test_signing_in_and_out_and_failing_to_are_noted(db: None, client: Client) -> None:
    make_user(Role.VIEWER, "vera")

    client.post("/sign-in/", {"username": "vera", "password": "no"})
    client.post("/sign-in/", {"username": "correct horse", "password": "no"})
    client.post("/sign-in/", {"username": "vera", "password": PASSWORD})
    client.post("/sign-out/")

    noted = list(AuditEntry.objects.order_by("pk").values_list("act", "object_name", "user_name"))
    assert noted == [
        (Act.SIGN_IN_REFUSED, "vera", ""),
        (Act.SIGN_IN_REFUSED, "unknown user name", ""),
        (Act.SIGNED_IN, "vera", "vera"),
        (Act.SIGNED_OUT, "vera", "vera"),
    ]


# Correlation ids


def test_an_id_that_is_sent_along_comes_back(client: Client, db: None) -> None:
    response = client.get("/sign-in/", headers={"X-Correlation-ID": "ticket-4711"})

    assert response.headers["X-Correlation-ID"] == "ticket-4711"


@pytest.mark.parametrize("odd", ["", "short", "a" * 65, "with space", "<script>alert(1)</script>"])
def test_an_id_that_could_be_anything_is_replaced(client: Client, db: None, odd: str) -> None:
    response = client.get("/sign-in/", headers={"X-Correlation-ID": odd})

    assert response.headers["X-Correlation-ID"] not in ("", odd)


def test_an_error_page_shows_the_id_that_its_log_lines_have(client: Client, db: None) -> None:
    client.force_login(make_user(None))

    response = client.get("/mappings/", headers={"X-Correlation-ID": "ticket-4711"})

    assert response.status_code == 403
    assert "ticket-4711" in response.content.decode()


def test_an_act_that_is_refused_is_noted(client: Client, db: None) -> None:  # C-3202
    client.force_login(make_user(Role.VIEWER, "vera"))

    client.post("/couplings/delete/")
    client.get("/audit-log/")

    noted = AuditEntry.objects.get(act=Act.REFUSED)
    assert (noted.user_name, noted.object_name) == ("vera", "POST /couplings/delete/")
    assert "manage_couplings" in noted.reason


def test_each_line_of_the_log_has_the_id(tmp_path: Path) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 1, "y", (), None)

    with scene.at(Scene(Source.JOB, "ticket-4711")):
        CorrelationFilter().filter(record)

    assert record.correlation == "ticket-4711"  # type: ignore[attr-defined]


def test_what_django_logs_of_a_refusal_has_the_id_too(client: Client, db: None) -> None:
    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record)

    lines: list[logging.LogRecord] = []
    handler = Collecting()
    handler.addFilter(CorrelationFilter())
    logging.getLogger("django.request").addHandler(handler)

    client.get("/nowhere/", headers={"X-Correlation-ID": "ticket-4711"})

    logging.getLogger("django.request").removeHandler(handler)
    assert [line.correlation for line in lines] == ["ticket-4711"]  # type: ignore[attr-defined]


def test_in_a_job_the_person_is_whoever_asked_for_it(db: None) -> None:
    olga = User.objects.create_user("olga")

    with scene.at(Scene(Source.JOB, person=lambda: olga)):
        entry = trail.note(Act.CHANGED, kind="test", name="x")

    assert (entry.source, entry.user_name) == (Source.JOB, "olga")
