"""Set-ups, redeploy, defaults, health and encryption through the API; without systems to ask."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from audit.models import AuditEntry
from audit.terms import Act
from connections.models import DataverseConnectionSetup, DeploymentIdentity, SalesConnectionSetup
from connections.secrets import key_id
from connections.terms import ConnectionMode
from integration_admin import restoring
from integration_admin.roles import Role
from mappings.models import IntegrationTableMapping
from syncjobs.models import HealthCheck, JobQueueEntry
from syncjobs.terms import JobStatus
from tests.api.conftest import Program, program_of
from tests.pages.factory import Past, make_user

PLANTED = "planted-secret-4711"


def described(past: Past, **parts: Any) -> dict[str, Any]:
    identity = str(past.company.business_central_id)
    return {"company": {"business_central_id": identity}, **parts}


@pytest.fixture
def resting(past: Past) -> Past:
    """Nothing is in use."""
    SalesConnectionSetup.objects.update(is_enabled=False)
    DataverseConnectionSetup.objects.update(is_enabled=False)
    return past


def test_what_is_in_use_stays_as_it_was_if_a_check_fails(admin: Program, past: Past) -> None:
    before = DataverseConnectionSetup.objects.get().client_secret.token

    answer = admin.post(
        "/connections/configure", described(past, dataverse={"client_secret": PLANTED})
    )  # E-9.7

    assert (answer.json["connected"], answer.json["saved"]) == (False, False)
    assert DataverseConnectionSetup.objects.get().client_secret.token == before
    assert DataverseConnectionSetup.objects.get().is_enabled
    assert PLANTED not in str(answer.json)


def test_configuring_saves_what_is_described_and_says_what_does_not_work(
    admin: Program, resting: Past
) -> None:
    part = {"client_secret": PLANTED, "consent": True}
    answer = admin.post("/connections/configure", described(resting, dataverse=part))

    assert answer.status == 200
    assert answer.json["connected"] is False
    assert {check["code"] for check in answer.json["checks"] if not check["passed"]} == {"E-HOST"}
    assert DataverseConnectionSetup.objects.get().client_secret.reveal() == PLANTED
    assert PLANTED not in str(answer.json)
    entry = AuditEntry.objects.get(object_kind="Dataverse Connection Setup", act=Act.CHANGED)
    assert (entry.source, entry.user_name) == ("API", "administrator")
    assert PLANTED not in str(entry.after)
    assert AuditEntry.objects.filter(object_kind="consent").count() == 1


def test_the_same_secret_again_is_no_change(admin: Program, resting: Past) -> None:
    body = described(resting, dataverse={"client_secret": PLANTED})
    admin.post("/connections/configure", body)
    token = DataverseConnectionSetup.objects.get().client_secret.token

    admin.post("/connections/configure", body)

    assert DataverseConnectionSetup.objects.get().client_secret.token == token
    changed = AuditEntry.objects.filter(object_kind="Dataverse Connection Setup", act=Act.CHANGED)
    assert changed.count() == 1


def test_what_is_not_known_is_refused_with_the_near_name(admin: Program, past: Past) -> None:
    answer = admin.post("/connections/configure", described(past, dataverse={"client_secrt": "x"}))

    assert (answer.status, answer.json["code"]) == (422, "E-INPUT")
    assert "client_secret" in answer.json["cure"]


def test_a_description_reads_nothing_of_the_server(admin: Program, past: Past) -> None:
    for value in ({"env": "SECRET_KEY"}, {"file": "/etc/passwd"}, 7):
        answer = admin.post("/connections/configure", described(past, dataverse={"tenant": value}))
        assert (answer.status, answer.json["code"]) == (422, "E-INPUT")

    assert DataverseConnectionSetup.objects.get().tenant == "cronus.example"


def test_who_redeploys_is_stored_by_those_who_manage_secrets(past: Past) -> None:
    user = make_user(Role.OPERATOR, "olga")
    user.user_permissions.add(*_permissions("change_connection"))
    program = program_of(user)
    identity = {"client_id": "7d3c1f0e-0000-4000-8000-000000000000", "client_secret": PLANTED}

    refused = program.post("/connections/configure", described(past, deployment=identity))
    reset = program.post("/connections/configure", described(past) | {"reset_mappings": True})

    assert (refused.status, refused.json["code"]) == (403, "E-FORBIDDEN")
    assert "manage_secrets" in refused.json["sentence"]
    assert reset.status == 403
    assert not DeploymentIdentity.objects.exists()


def test_a_switch_in_words_is_refused(admin: Program, past: Past) -> None:
    answer = admin.post("/connections/configure", described(past, sales={"enabled": "false"}))

    assert (answer.status, answer.json["code"]) == (422, "E-INPUT")
    assert "true or false" in str(answer.json)


def test_a_secret_is_refused_where_encryption_is_off(
    admin: Program, past: Past, settings: Settings
) -> None:
    settings.SECRETS_KEYS = []

    answer = admin.post(
        "/connections/configure", described(past, dataverse={"client_secret": PLANTED})
    )

    assert (answer.status, answer.json["code"]) == (409, "E-ENCRYPTION")
    assert PLANTED not in str(answer.json)


def test_dataverse_rests_after_sales(admin: Program, past: Past) -> None:
    refused = admin.post("/connections/dataverse/disable")
    sales = admin.post("/connections/sales/disable")
    done = admin.post("/connections/dataverse/disable")
    needs = admin.post("/connections/sales/enable")

    assert (refused.status, refused.json["code"]) == (409, "E-SALES-ON")
    assert (sales.status, done.status) == (200, 200)
    assert (needs.status, needs.json["code"]) == (409, "E-NEED-DATAVERSE")
    assert not DataverseConnectionSetup.objects.get().is_enabled
    assert not JobQueueEntry.objects.filter(status=JobStatus.READY).exists()


def test_sales_that_is_connected_directly_needs_no_dataverse_first(
    admin: Program, past: Past
) -> None:  # C-0603
    admin.post("/connections/sales/disable")
    admin.post("/connections/dataverse/disable")
    SalesConnectionSetup.objects.update(connection_mode=ConnectionMode.DIRECT)

    answer = admin.post("/connections/sales/enable")

    assert (answer.status, answer.json["is_enabled"]) == (200, False)
    assert "E-HOST" in {finding["code"] for finding in answer.json["findings"]}


def test_what_keeps_a_connection_from_being_enabled_is_told(admin: Program, past: Past) -> None:
    SalesConnectionSetup.objects.update(is_enabled=False)
    DataverseConnectionSetup.objects.update(is_enabled=False)

    IntegrationTableMapping.objects.filter(name="CUSTOMER").update(guard_percent=7)

    without = admin.post("/connections/dataverse/enable")
    answer = admin.post("/connections/dataverse/enable", {"consent": True})

    assert (answer.status, answer.json["is_enabled"]) == (200, False)
    told = [{one["code"] for one in this.json["findings"]} for this in (without, answer)]
    assert told[0] - told[1] == {"E-REQUIRED"}
    assert "E-HOST" in told[1]
    assert answer.json["customised"] == ["CUSTOMER"]
    assert not DataverseConnectionSetup.objects.get().is_enabled


def test_what_rests_is_restored_or_says_what_keeps_it(admin: Program, past: Past) -> None:
    nothing = admin.post("/connections/restore")
    restoring.rest(past.company, now=past.now)

    answer = admin.post("/connections/restore")

    assert nothing.json == {"restored": [], "findings": []}
    assert answer.json["restored"] == []
    assert "E-HOST" in {finding["code"] for finding in answer.json["findings"]}
    dataverse = admin.get("/connections").json["items"][1]
    assert (dataverse["is_enabled"], dataverse["restore_connection"]) == (False, True)


def test_defaults_are_previewed_and_applied_with_the_number(admin: Program, past: Past) -> None:
    IntegrationTableMapping.objects.filter(name__in=("CUSTOMER", "VENDOR")).update(priority=7)

    plan = admin.post("/default-setup/preview", {"keep": ["CUSTOMER"]})
    refused = admin.post("/default-setup", {"keep": ["CUSTOMER"]})
    done = admin.post("/default-setup", {"keep": ["CUSTOMER"], "confirm": plan.json["confirm"]})

    assert plan.json["customised"] == ["VENDOR"]
    assert (refused.status, refused.json["code"]) == (409, "E-CONFIRM")
    assert "VENDOR" in refused.json["cure"]
    assert done.status == 200
    assert IntegrationTableMapping.objects.get(name="CUSTOMER").priority == 7
    assert IntegrationTableMapping.objects.get(name="VENDOR").priority != 7


def test_a_redeploy_needs_somebody_who_signs_in(operator: Program, past: Past) -> None:
    without = operator.post("/redeploys", {})
    empty = operator.post("/redeploys", {"sign_in": {"client_id": "x"}})

    assert (without.status, without.json["code"]) == (409, "E-NOT-CONFIGURED")
    assert (empty.status, "Client Secret" in empty.json["sentence"]) == (409, True)


def test_a_redeploy_answers_its_run_and_a_second_one_is_refused(
    operator: Program, past: Past
) -> None:
    DeploymentIdentity.objects.create(company=past.company, client_id="x", client_secret=PLANTED)

    begun = operator.post("/redeploys", {"roles_only": True})
    again = operator.post("/redeploys", {})
    plan = operator.get("/redeploys/plan")

    assert begun.status == 202
    assert begun.json["job"] == "redeploy_solution"
    assert (again.status, again.json["code"]) == (409, "E-BUSY")
    assert plan.json["has_identity"] is True
    assert [check["code"] for check in plan.json["checks"]] == ["E-HOST"]
    assert plan.json["trouble"]


def test_who_redeploys_is_forgotten(admin: Program, past: Past) -> None:
    DeploymentIdentity.objects.create(company=past.company, client_id="x", client_secret=PLANTED)

    done, again = (admin.call("DELETE", "/deployment-identity") for _ in range(2))

    assert (done.status, again.status) == (200, 404)
    assert not DeploymentIdentity.objects.exists()


def test_health_names_what_is_wrong_keeps_it_and_leaves_a_trace(
    support: Program, viewer: Program, past: Past
) -> None:
    HealthCheck.objects.all().delete()

    answer = support.post("/health/check", {"only": ["dataverse", "encryption"]})
    kept = viewer.get("/health")

    assert answer.status == 200
    assert answer.json["state"] != "healthy"
    assert answer.json["wrong"]
    assert {check["group"] for check in kept.json["checks"]} == {"dataverse", "encryption"}
    assert kept.json["wrong"] == answer.json["wrong"]
    assert AuditEntry.objects.filter(act=Act.TESTED, source="API").exists()
    assert support.post("/health/check", {"only": ["weather"]}).status == 422


def test_roles_are_listed_without_looking(viewer: Program, past: Past) -> None:
    roles = viewer.get("/security-roles").json["items"]

    assert "Dynamics 365 Business Central Integration User" in {role["name"] for role in roles}
    assert {role["is_deployed"] for role in roles} == {None}


def test_item_availability_shows_whether_there_is_a_key(viewer: Program, past: Past) -> None:
    SalesConnectionSetup.objects.update(item_availability_service_enabled=True)
    row = SalesConnectionSetup.objects.get()
    row.odata_access_key = PLANTED
    row.save()

    answer = viewer.get("/item-availability")

    assert (answer.json["enabled"], answer.json["has_key"]) == (True, True)
    assert PLANTED not in str(answer.json)


def test_keys_are_shown_by_fingerprint_and_rotated(
    admin: Program, past: Past, settings: Settings
) -> None:
    settings.SECRETS_KEYS = ["old"]
    DeploymentIdentity.objects.create(company=past.company, client_secret=PLANTED)
    settings.SECRETS_KEYS = ["new", "old"]

    before = admin.get("/encryption").json
    done = admin.post("/encryption/rotate").json

    assert [key["id"] for key in before["keys"]] == [key_id("new"), key_id("old")]
    assert (done["rewritten"], done["key_id"]) == (1, key_id("new"))


def _permissions(*codenames: str) -> Any:
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=codenames)
