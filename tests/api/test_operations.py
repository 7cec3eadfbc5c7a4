"""What the operations answer and do; the systems are asked in tests/api/test_over_https.py."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import AuditEntry
from audit.terms import Act
from connections.causes import Cause
from connections.models import DataverseConnectionSetup
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs.models import JobQueueEntry, MassChange, Run, SynchError, SynchJob
from syncjobs.terms import JobStatus, RunStatus
from tests.api.conftest import Program
from tests.pages.factory import Past, make_company


def test_connections_show_whether_secrets_are_set_and_never_the_secret(
    viewer: Program, past: Past
) -> None:
    setup = DataverseConnectionSetup.objects.get()
    setup.client_secret = "planted-secret-4711"  # noqa: S105 - of nobody
    setup.save()

    answer = viewer.get("/connections")

    shown = {row["kind"]: row for row in answer.json["items"]}
    assert set(shown) == {"business-central", "dataverse", "sales"}
    assert shown["dataverse"]["has_client_secret"] is True
    assert "planted" not in str(answer.json)
    assert setup.client_secret.token not in str(answer.json)
    assert "user_name" not in str(answer.json)


def test_test_connection_says_of_each_check_how_it_went(support: Program) -> None:
    answer = support.post("/connections/test")

    failed = [check for check in answer.json["checks"] if not check["passed"]]
    assert answer.json["passed"] is False
    assert {check["code"] for check in failed} == {Cause.HOST_NOT_ALLOWED}
    assert all(check["cure"] for check in failed)
    assert AuditEntry.objects.filter(act=Act.TESTED).exists()


def test_a_mapping_is_shown_with_its_fields(viewer: Program) -> None:
    listed = viewer.get("/mappings").json["items"]
    card = viewer.get("/mappings/customer").json

    assert card["name"] == "CUSTOMER"
    assert card["fields"][0]["integration_field"]
    assert [row["name"] for row in listed][:2] == list(
        IntegrationTableMapping.objects.values_list("name", flat=True)[:2]
    )


def test_an_unknown_mapping_is_told_with_near_names(viewer: Program) -> None:
    answer = viewer.get("/mappings/CUSTOMR")

    assert (answer.status, answer.json["code"]) == (404, "E-NOTFOUND")
    assert "CUSTOMER" in answer.json["cure"]


def test_synchronize_answers_the_run_to_follow(operator: Program) -> None:
    started = operator.post("/mappings/CUSTOMER/synchronize", {"direction": "to"})

    run = Run.objects.get(pk=started.json["id"])
    followed = operator.get(f"/runs/{run.pk}")
    assert started.status == 202
    assert run.entry is not None
    assert run.entry.parameters["directions"] == ["ToIntegrationTable"]
    assert followed.json["status"] == "Waiting"
    assert followed.json["synch_jobs"] == []


def test_a_full_run_is_confirmed_first(operator: Program) -> None:
    runs = Run.objects.count()

    asked = operator.post("/mappings/CUSTOMER/synchronize", {"mode": "full"})
    confirmed = operator.post("/mappings/CUSTOMER/synchronize", {"mode": "full", "confirmed": True})

    assert (asked.status, asked.json["code"]) == (409, "E-CONFIRM")
    assert confirmed.status == 202
    assert Run.objects.count() == runs + 1


def test_a_mass_change_is_confirmed_by_its_number(operator: Program, past: Past) -> None:
    stopped = MassChange.objects.get()

    told = operator.get(f"/runs/{stopped.run_id}").json["mass_changes"]
    started = operator.post("/mappings/VENDOR/synchronize", {"confirmed": told[0]["records"]})
    full = operator.post("/mappings/VENDOR/synchronize", {"mode": "full", "confirmed": True})

    assert [(row["mapping_name"], row["records"], row["coupled"]) for row in told] == [
        ("VENDOR", 61, 80)
    ]
    entries = JobQueueEntry.objects.filter(runs__in=[started.json["id"], full.json["id"]])
    assert [entry.parameters for entry in entries] == [
        {"mode": "modified", "agreed": 61},
        {"mode": "full"},  # which the guard still looks at
    ]


def test_a_long_list_is_walked_by_its_cursor_each_row_once(viewer: Program) -> None:
    for path, model in (("/couplings", Coupling), ("/synch-jobs", SynchJob), ("/runs", Run)):
        seen: list[Any] = []
        cursor = ""
        while True:
            page = viewer.get(f"{path}?limit=7&cursor={cursor}").json
            seen += [row["id"] for row in page["items"]]
            cursor = page["next"]
            if not cursor:
                break

        assert len(seen) == len(set(seen)) == model._default_manager.count(), path


@pytest.mark.parametrize(
    "cursor", ["nonsense", "WyJ4Il0=", "W10=", "WzEsMl0=", "W3RydWVd", "bnVsbA==", "é"]
)
def test_a_cursor_that_is_none_is_refused(viewer: Program, cursor: str) -> None:
    for path in ("/couplings", "/synch-jobs"):
        answer = viewer.get(f"{path}?cursor={cursor}")
        assert (answer.status, answer.json["code"]) == (400, "E-CURSOR")


def test_couplings_are_narrowed(viewer: Program) -> None:
    row = Coupling.objects.filter(skipped=True).first()
    assert row is not None

    skipped = viewer.get("/couplings?state=skipped").json["items"]
    by_record = viewer.get(f"/couplings?record={row.dataverse_id}").json["items"]
    by_mapping = viewer.get("/couplings?mapping=currency&limit=200").json["items"]
    by_words = viewer.get(f"/couplings?q={row.business_central_key}").json["items"]

    assert {one["skipped"] for one in skipped} == {True}
    assert [one["id"] for one in by_record] == [row.pk]
    assert {one["mapping_name"] for one in by_mapping} == {"CURRENCY"}
    assert row.pk in [one["id"] for one in by_words]


def test_retry_and_delete_reach_only_the_companys_own(operator: Program, past: Past) -> None:
    other = Past(make_company("FABRIKAM"), past.now)
    other.mappings()
    foreign = other.couplings(1)[0]

    kept = operator.post("/couplings/delete?company=CRONUS", {"ids": [foreign.pk]})
    shown = operator.get(f"/couplings/{foreign.pk}?company=CRONUS")
    gone = operator.post("/couplings/delete?company=fabrikam", {"ids": [foreign.pk]})

    assert kept.json == {"count": 0}
    assert shown.status == 404
    assert gone.json == {"count": 1}


def test_with_several_companies_one_has_to_be_named(viewer: Program) -> None:
    make_company("FABRIKAM")

    unnamed, wrong = viewer.get("/couplings"), viewer.get("/couplings?company=NOBODY")

    assert (unnamed.status, unnamed.json["code"]) == (400, "E-COMPANY")
    assert "FABRIKAM" in unnamed.json["cure"]
    assert (wrong.status, wrong.json["code"]) == (400, "E-COMPANY")


def test_held_back_couplings_are_retried_and_synchronized(support: Program) -> None:
    ids = list(Coupling.objects.filter(skipped=True).values_list("pk", flat=True))

    retried = support.post("/couplings/retry", {"ids": ids[:1]})
    started = support.post("/couplings/synchronize", {"ids": ids})

    assert retried.json == {"count": 1}
    assert started.status == 202
    assert {run["mapping_name"] for run in started.json["items"]} == {"CUSTOMER"}
    assert not Coupling.objects.filter(skipped=True).exists()


def test_errors_are_listed_and_grouped_with_the_cure(viewer: Program) -> None:
    causes = viewer.get("/errors/causes").json["items"]
    listed = viewer.get(f"/errors?cause={Cause.NOT_COUPLED}").json["items"]

    assert causes[0]["number"] >= causes[-1]["number"]
    assert all(cause["advice"] for cause in causes)
    assert len(listed) == next(c["number"] for c in causes if c["cause"] == Cause.NOT_COUPLED)
    assert listed[0]["mapping_name"] == "CUSTOMER"


def test_the_records_behind_errors_are_retried(support: Program, past: Past) -> None:
    row = Coupling.objects.filter(skipped=True).first()
    assert row is not None
    error = SynchError.objects.filter(warning=False).first()
    assert error is not None
    SynchError.objects.filter(pk=error.pk).update(
        business_central_id=row.business_central_id, mapping_name=row.mapping_name
    )

    answer = support.post("/errors/retry", {"ids": [error.pk]})

    row.refresh_from_db()
    assert answer.json == {"count": 1}
    assert row.skipped is False


def test_a_run_is_cancelled_once(operator: Program, past: Past) -> None:
    run = Run.objects.filter(status=RunStatus.IN_PROCESS).first()
    assert run is not None

    stopped = operator.post(f"/runs/{run.pk}/cancel")
    Run.objects.filter(pk=run.pk).update(status=RunStatus.SUCCESS, cancel_requested=False)
    again = operator.post(f"/runs/{run.pk}/cancel")

    assert (stopped.status, stopped.json["cancel_requested"]) == (202, True)
    assert (again.status, again.json["code"]) == (409, "E-NOTRUNNING")


def test_entries_are_held_made_ready_restarted_and_run(operator: Program) -> None:
    entry = JobQueueEntry.objects.filter(status=JobStatus.READY).first()
    assert entry is not None

    held = operator.post(f"/job-queue/{entry.pk}/hold")
    ready = operator.post(f"/job-queue/{entry.pk}/ready")
    restarted = operator.post(f"/job-queue/{entry.pk}/restart")
    run = operator.post(f"/job-queue/{entry.pk}/run-now")

    assert [answer.json["status"] for answer in (held, ready, restarted)] == [
        "On Hold",
        "Ready",
        "Ready",
    ]
    assert run.status == 202
    assert run.json["status"] == "Waiting"


def test_a_running_entry_says_why_it_cannot_be_made_ready(operator: Program) -> None:
    entry = JobQueueEntry.objects.filter(status=JobStatus.IN_PROCESS).first()
    assert entry is not None

    answer = operator.post(f"/job-queue/{entry.pk}/ready")

    assert (answer.status, answer.json["code"]) == (409, "E-RUNNING")
    assert answer.json["cure"]


def test_the_values_of_set_ups_are_for_administrators(
    admin: Program, support: Program, past: Past
) -> None:
    from connections import setup

    setup.disable(past.company.sales_connection_setup, reason="move")

    for_admin = admin.get("/audit-log?act=disabled").json["items"]
    for_support = support.get("/audit-log?act=disabled").json["items"]

    assert for_admin[0]["before"]["is_enabled"] is True
    assert (for_support[0]["before"], for_support[0]["after"]) == ({}, {})
