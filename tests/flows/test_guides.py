"""The guides of Assisted Setup in front of systems that answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from audit.models import AuditEntry
from audit.terms import Act
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
    SalesConnectionSetup,
)
from connections.solution.manifest import BASE_NAME, UNIQUE_NAME
from connections.terms import SalesOrderModel
from integration_admin.guides.finishing import JOB
from integration_admin.models import GuideDraft, GuideRun
from integration_admin.roles import Role
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs import clock, dispatch
from syncjobs.models import JobQueueEntry, Lease, Run
from tests.connected import trusting
from tests.flows import guides
from tests.pages.factory import make_user
from tests.pages.test_setups import filled
from tests.processes import until
from tests.running_sandbox import RunningSandbox
from tests.syncjobs.test_redeploying import BROKEN_IMPORT, USER, uninstall

__all__ = ["trusting"]
PERSON = "93e240da-84b3-4f56-9bc9-e3a4d506f109"
ROOT_ROLE = "b50462fc-a6d5-4178-9deb-05c6f728130b"  # System Administrator
Result = GuideRun.Result


@pytest.fixture
def empty(transactional_db: None, trusting: None, sandbox: RunningSandbox) -> Iterator[None]:
    """A console without a company beside two systems that hold nothing of ours."""
    sandbox.reset("empty")
    yield
    sandbox.reset("empty")


@pytest.fixture
def admin(empty: None) -> Client:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    return client


def test_the_guide_to_dataverse_connects_an_empty_console(
    admin: Client, sandbox: RunningSandbox
) -> None:
    sandbox.reset("empty", without=[BASE_NAME, UNIQUE_NAME])  # E-9.11
    guides.answer(admin, "dataverse", guides.to_dataverse(sandbox))
    review = admin.get(f"{guides.GUIDES}/dataverse/review/").content.decode()
    assert "Finish" in review
    assert review.index(f"Import {BASE_NAME}") < review.index(f"Import {UNIQUE_NAME}")
    assert not Company.objects.exists()
    assert not DataverseConnectionSetup.objects.exists()

    record = guides.finish(admin, "dataverse")
    guides.work()

    record.refresh_from_db()
    assert record.error_message == ""
    assert record.result == Result.DONE
    assert DataverseConnectionSetup.objects.get().is_enabled
    assert BusinessCentralConnection.objects.get().client_secret
    assert IntegrationTableMapping.objects.filter(name="CUSTOMER").exists()
    assert JobQueueEntry.objects.filter(recurring=True).exists()
    assert not GuideDraft.objects.exists()
    assert not DeploymentIdentity.objects.exists()
    assert not record.secrets
    ended = AuditEntry.objects.get(act=Act.RUN_ENDED, object_kind="run of a guide")
    assert (ended.after["result"], ended.user_name) == ("Completed", "administrator")


def connect(admin: Client, sandbox: RunningSandbox, **changes: dict[str, str]) -> GuideRun:
    """Go through the guide to Dataverse, and let a worker finish it."""
    guides.answer(admin, "dataverse", {**guides.to_dataverse(sandbox), **changes})
    record = guides.finish(admin, "dataverse")
    guides.work()
    record.refresh_from_db()
    return record


def keeping(sandbox: RunningSandbox) -> dict[str, str]:
    """Return the environment's answers, with the administrator kept for redeploys."""
    return {**guides.to_dataverse(sandbox)["environment"], "keep": "on"}


def test_the_sales_guide_imports_a_missing_solution_and_enables_sales(
    admin: Client, sandbox: RunningSandbox
) -> None:
    assert connect(admin, sandbox).result == Result.DONE
    uninstall(sandbox)
    before = admin.get(f"{guides.GUIDES}/sales/administrator/")
    assert before.status_code == 200

    guides.answer(
        admin,
        "sales",
        {
            "address": {},
            "advanced": {"import_solution": "on", "enable": "on"},
            "administrator": guides.administrator(sandbox),
            "first_synchronization": {"first": "later"},
        },
    )
    review = admin.get(f"{guides.GUIDES}/sales/review/").content.decode()
    assert "Import MicrosoftDynamicsNavIntegration" in review
    record = guides.finish(admin, "sales")
    guides.work()

    record.refresh_from_db()
    assert record.error_message == ""
    assert record.result == Result.DONE
    assert SalesConnectionSetup.objects.get().is_enabled
    assert not DeploymentIdentity.objects.exists()
    assert IntegrationTableMapping.objects.filter(name="ITEM-PRODUCT").exists()


def test_where_the_solution_is_whole_nobody_signs_in_as_administrator(
    admin: Client, sandbox: RunningSandbox
) -> None:
    connect(admin, sandbox)

    guides.answer(admin, "sales", {"address": {}})
    advanced = admin.get(f"{guides.GUIDES}/sales/advanced/").content.decode()
    assert "Installed, version 1.0.1.0." in advanced
    guides.answer(admin, "sales", {"advanced": {"enable": "on"}})
    skipped = admin.get(f"{guides.GUIDES}/sales/administrator/")

    assert skipped["Location"] == f"{guides.GUIDES}/sales/"


def test_the_administrator_is_kept_only_where_that_is_ticked(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0702
    record = connect(admin, sandbox, environment=keeping(sandbox))

    assert record.result == Result.DONE
    assert DeploymentIdentity.objects.get().client_id == sandbox.env["SANDBOX_CLIENT_ID"]


# What is refused


def test_an_account_that_is_no_administrator_is_refused_at_its_step(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0304
    steps = guides.to_dataverse(sandbox)
    guides.answer(admin, "dataverse", dict(list(steps.items())[:5]))

    integration_user = {**steps["environment"], **guides.registration(sandbox)}
    answer = guides.save(admin, "dataverse", "environment", integration_user)

    assert answer.status_code == 422
    assert "E-NOTADMIN" in answer.content.decode().partition('id="id_client_id-e"')[2][:400]


def test_a_wrong_secret_is_said_where_business_central_is_asked(
    admin: Client, sandbox: RunningSandbox
) -> None:
    steps = guides.to_dataverse(sandbox)
    guides.answer(admin, "dataverse", {"enable": steps["enable"], "consent": steps["consent"]})
    wrong = {**steps["registration"], "client_secret": "wrong"}
    guides.answer(admin, "dataverse", {"registration": wrong})

    answer = guides.save(admin, "dataverse", "business_central", steps["business_central"])

    assert answer.status_code == 422
    assert "E-SIGN-IN" in answer.content.decode()
    assert not GuideRun.objects.exists()


def test_an_integration_user_that_is_administrator_keeps_finish_away(
    admin: Client, sandbox: RunningSandbox
) -> None:  # E-9.16
    steps = guides.to_dataverse(sandbox)
    steps["registration"] = guides.administrator(sandbox)
    guides.answer(admin, "dataverse", steps)

    review = admin.get(f"{guides.GUIDES}/dataverse/review/").content.decode()
    begun = admin.post(f"{guides.GUIDES}/dataverse/finish/")

    assert "E-USER-ADMIN" in review
    assert "/finish/" not in review
    assert begun.status_code == 422
    assert not GuideRun.objects.exists()
    assert not Company.objects.exists()


# The run


def test_an_import_that_fails_stops_the_run_and_a_retry_goes_on_from_there(
    admin: Client, sandbox: RunningSandbox
) -> None:  # C-0309
    uninstall(sandbox)
    sandbox.faults([BROKEN_IMPORT])
    record = connect(admin, sandbox)
    page = admin.get(f"{guides.GUIDES}/runs/{record.pk}/").content.decode()
    assert record.result == Result.FAILED
    assert record.position == 3
    assert "Out of luck." in page
    assert "Retry from this step" in page
    assert not DataverseConnectionSetup.objects.get().is_enabled
    ended = AuditEntry.objects.get(act=Act.RUN_ENDED, object_kind="run of a guide")
    assert ended.after["result"] == "Stopped"
    assert "Out of luck." in ended.reason

    sandbox.faults([])
    admin.post(f"{guides.GUIDES}/runs/{record.pk}/retry/")
    guides.work()

    record.refresh_from_db()
    assert record.error_message == ""
    assert record.result == Result.DONE
    assert [number for number, _, _ in record.steps] == [1, 2, 3, 4, 5]


def test_undo_disables_again_and_deletes_nothing(admin: Client, sandbox: RunningSandbox) -> None:
    record = connect(admin, sandbox)
    mappings = IntegrationTableMapping.objects.count()
    address = f"{guides.GUIDES}/runs/{record.pk}/undo/"

    assert "Undo this guide?" in admin.post(address).content.decode()
    admin.post(address, {"confirmed": "yes"})

    record.refresh_from_db()
    assert record.result == Result.UNDONE
    assert not DataverseConnectionSetup.objects.get().is_enabled
    assert IntegrationTableMapping.objects.count() == mappings
    assert not JobQueueEntry.objects.filter(job=JOB).exists()


def waits_for_another(record: GuideRun) -> bool:
    """Whether the run stands before what another run of the company is at."""
    return Run.objects.filter(pk=record.run_id or 0, step__contains="Pause").exists()


def test_a_run_whose_worker_was_killed_goes_on_where_it_stopped(
    admin: Client, sandbox: RunningSandbox
) -> None:
    guides.answer(admin, "dataverse", guides.to_dataverse(sandbox))
    record = guides.finish(admin, "dataverse")
    now, later = clock.now(), clock.now() + timedelta(hours=1)
    another = Run.objects.create(
        company=record.company, description="Another run", started_at=now, heartbeat_at=later
    )
    with guides.worker(sandbox):
        until(lambda: waits_for_another(record), "the run to wait for another one")
    record.refresh_from_db()
    assert (record.result, record.position) == (Result.IN_PROCESS, 3)

    another.delete()
    Lease.objects.update(expires_at=now)
    dispatch.free_dead(now=later)
    JobQueueEntry.objects.filter(job=JOB).update(earliest_start=now)
    guides.work()

    record.refresh_from_db()
    assert record.error_message == ""
    assert record.result == Result.DONE
    assert [number for number, _, _ in record.steps] == [1, 2, 3, 4, 5]


def test_an_application_without_a_user_gets_one_in_the_root_business_unit(
    admin: Client, sandbox: RunningSandbox
) -> None:  # E-9.12
    sandbox.dataverse.delete(f"systemusers({USER})")
    guides.answer(admin, "dataverse", guides.to_dataverse(sandbox))
    review = admin.get(f"{guides.GUIDES}/dataverse/review/").content.decode()
    record = guides.finish(admin, "dataverse")
    guides.work()

    record.refresh_from_db()
    told = sandbox.dataverse.get(
        "systemusers?$select=fullname,systemuserid&$expand=businessunitid($select=name)"
        f"&$filter=applicationid eq {sandbox.env['SANDBOX_INTEGRATION_CLIENT_ID']}"
    ).json()
    [user] = told["value"]
    assert "Finish creates it." in review
    assert record.error_message == ""
    assert record.result == Result.DONE
    assert "was created in the root business unit" in record.steps[1][2]
    assert (user["fullname"], user["businessunitid"]["name"]) == (
        "Business Central Integration",
        "cronus",
    )
    assert str(DataverseConnectionSetup.objects.get().integration_user_id) == user["systemuserid"]


def test_an_application_with_two_users_keeps_finish_away(
    admin: Client, sandbox: RunningSandbox
) -> None:  # E-9.12
    application = {"applicationid": sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"]}
    assert sandbox.dataverse.patch(f"systemusers({PERSON})", application).ok
    guides.answer(admin, "dataverse", guides.to_dataverse(sandbox))

    review = admin.get(f"{guides.GUIDES}/dataverse/review/").content.decode()

    assert "E-USER-MANY" in review
    assert "/finish/" not in review


def test_the_model_team_gets_a_business_unit_and_a_team_of_its_own(
    admin: Client, sandbox: RunningSandbox
) -> None:  # E-9.13
    steps = guides.to_dataverse(sandbox)
    del steps["salespeople"]
    steps["ownership"] = {"ownership_model": "Team", "business_unit": ""}
    guides.answer(admin, "dataverse", steps)
    record = guides.finish(admin, "dataverse")
    guides.work()

    record.refresh_from_db()
    assert record.error_message == ""
    assert record.result == Result.DONE
    row = DataverseConnectionSetup.objects.get()
    identity = sandbox.env["SANDBOX_BC_COMPANY_ID"].lower()
    assert row.business_unit_name.endswith(f"({identity})")
    team = sandbox.dataverse.get(f"teams({row.owning_team_id})?$select=name").json()
    assert team["name"] == f"BCI - {row.business_unit_name}"[:160]


# Sign-in at a server of one's own


def of_ad_fs(sandbox: RunningSandbox) -> dict[str, dict[str, str]]:
    """Return right answers where a user signs in to Dataverse through AD FS."""
    steps = guides.to_dataverse(sandbox)
    registration = {
        "authentication_type": "IFD",
        "authority": sandbox.env["SANDBOX_AUTHORITY"],
        "client_id": sandbox.env["SANDBOX_PUBLIC_CLIENT_ID"],
    }
    user = {
        "user_name": sandbox.env["SANDBOX_USERNAME"],
        "password": sandbox.env["SANDBOX_PASSWORD"],
    }
    return {
        "enable": steps["enable"],
        "consent": steps["consent"],
        "registration": registration,
        "integration_user": user,
        "business_central": {**steps["business_central"], **guides.registration(sandbox)},
        "company": steps["company"],
        "environment": {**steps["environment"], "sdk_version": "100"},
        "ownership": steps["ownership"],
        "salespeople": steps["salespeople"],
        "first_synchronization": steps["first_synchronization"],
    }


def test_a_user_of_ad_fs_is_set_apart_and_business_central_signs_in_by_itself(
    admin: Client, sandbox: RunningSandbox
) -> None:  # E-9.12, E-9.18
    sandbox.dataverse.delete(f"systemusers({PERSON})/systemuserroles_association({ROOT_ROLE})/$ref")
    guides.answer(admin, "dataverse", of_ad_fs(sandbox))
    record = guides.finish(admin, "dataverse")
    guides.work()

    record.refresh_from_db()
    columns = "isintegrationuser,accessmode"
    user = sandbox.dataverse.get(f"systemusers({PERSON})?$select={columns}").json()
    assert record.error_message == ""
    assert record.result == Result.DONE
    assert DataverseConnectionSetup.objects.get().authentication_type == "IFD"
    assert BusinessCentralConnection.objects.get().authentication_type == "ClientSecret"
    assert (user["isintegrationuser"], user["accessmode"]) == (True, 4)


# The first synchronization


def test_the_run_does_with_each_mapping_what_the_review_says(
    admin: Client, sandbox: RunningSandbox
) -> None:  # E-9.18, C-0308
    sandbox.seed(customers=3, vendors=2)
    guides.answer(admin, "dataverse", guides.to_dataverse(sandbox, first="full"))
    review = admin.get(f"{guides.GUIDES}/dataverse/full_synch_review/").content.decode()
    guides.answer(admin, "dataverse", {"full_synch_review": {"do_customer": "none"}})
    record = guides.finish(admin, "dataverse")
    guides.work()

    record.refresh_from_db()
    lines = {line["name"]: line for line in record.told["full_synch"]}
    coupled = Coupling.objects.values_list("mapping_name", flat=True)
    assert review.index(">CUSTOMER<") < review.index(">CONTACT<")
    assert (lines["CUSTOMER"]["business_central"], lines["CUSTOMER"]["dataverse"]) == (3, 0)
    assert record.error_message == ""
    assert record.steps[-1][1] == "First synchronization"
    assert "left out" in record.steps[-1][2]
    assert list(coupled).count("VENDOR") == 2
    assert "CUSTOMER" not in coupled


def test_who_begins_without_a_first_synchronization_has_nothing_to_review(
    admin: Client, sandbox: RunningSandbox
) -> None:  # E-9.18
    guides.answer(admin, "dataverse", guides.to_dataverse(sandbox))

    skipped = admin.get(f"{guides.GUIDES}/dataverse/full_synch_review/")

    assert skipped["Location"] == f"{guides.GUIDES}/dataverse/"


# The settings of the Sales guide


@pytest.fixture
def asked(admin: Client, sandbox: RunningSandbox) -> Client:
    """An administrator whose Dataverse is connected, at the settings of the Sales guide."""
    connect(admin, sandbox)
    guides.answer(admin, "sales", {"address": {}})
    return admin


def service(sandbox: RunningSandbox, **changes: str) -> dict[str, str]:
    """Return right answers for the item availability web service."""
    root = sandbox.env["SANDBOX_BC_URL"]
    return {
        "enable": "on",
        "publish": "on",
        "odata_url": f"{root}/ODataV4/Company('CRONUS')/ItemAvailability",
        "odata_user_name": "AVAILABILITY",
        "odata_access_key": sandbox.control("GET", "access_key")["access_key"],
        **changes,
    }


WRONG = [  # what was answered, the field that is told, and its code
    ({"odata_access_key": ""}, "odata_access_key", "E-NOKEY"),  # the first: an entered key is kept
    ({"odata_user_name": ""}, "odata_user_name", "E-BCUSER"),
    ({"odata_access_key": "mistyped"}, "odata_user_name", "E-BCUSER"),
    ({"odata_url": ""}, "odata_url", "E-REQUIRED"),
    ({"enable": ""}, "enable", "E-REQUIRED"),
]


def test_what_is_wrong_with_the_web_service_stands_at_its_field(
    asked: Client, sandbox: RunningSandbox
) -> None:
    for changes, field, code in WRONG:
        answer = guides.save(asked, "sales", "advanced", service(sandbox, **changes))

        html = answer.content.decode()
        assert answer.status_code == 422, changes
        assert code in html.partition(f'id="id_{field}-e"')[2][:600], changes
        assert service(sandbox)["odata_access_key"] not in html, changes


def test_the_run_publishes_the_web_service_and_switches_orders_on(
    asked: Client, sandbox: RunningSandbox
) -> None:
    page = asked.get(f"{guides.GUIDES}/sales/advanced/").content.decode()
    url = filled(page)["odata_url"]
    wanted = service(sandbox, odata_url=unescape(url), order_integration="on")
    guides.answer(
        asked,
        "sales",
        {
            "advanced": wanted,
            "administrator": guides.administrator(sandbox),
            "first_synchronization": {"first": "later"},
        },
    )

    record = guides.finish(asked, "sales")
    guides.work()

    record.refresh_from_db()
    row = SalesConnectionSetup.objects.get()
    assert record.error_message == ""
    assert row.item_availability_service_enabled
    assert row.odata_access_key.reveal() == wanted["odata_access_key"]
    assert row.sales_order_model == SalesOrderModel.ORDER_INTEGRATION
    [organization] = sandbox.dataverse.get("organizations").json()["value"]
    assert organization["issopintegrationenabled"]
    assert not record.secrets


def test_without_the_solution_the_connection_is_not_enabled(
    admin: Client, sandbox: RunningSandbox
) -> None:
    connect(admin, sandbox)
    uninstall(sandbox)
    guides.answer(admin, "sales", {"address": {}})

    answer = guides.save(admin, "sales", "advanced", {"enable": "on", "import_solution": ""})

    html = answer.content.decode()
    assert "E-SOLUTION" in html.partition('id="id_import_solution-e"')[2][:400]


def test_connecting_again_applies_the_defaults_but_to_what_is_to_be_kept(
    admin: Client, sandbox: RunningSandbox
) -> None:
    connect(admin, sandbox)
    admin.post("/connections/dataverse/disable/", {"confirmed": "yes"})
    mappings = IntegrationTableMapping.objects
    mappings.filter(name__in=("CUSTOMER", "VENDOR")).update(guard_percent=99)
    steps = guides.to_dataverse(sandbox)
    for known in ("business_central", "company", "salespeople"):
        del steps[known]
    steps["ownership"] = {"ownership_model": "Team", "business_unit": ""}
    first = steps.pop("first_synchronization")
    steps |= {"defaults": {"keep": "VENDOR"}, "first_synchronization": first}

    guides.answer(admin, "dataverse", steps)
    review = admin.get(f"{guides.GUIDES}/dataverse/review/").content.decode()
    admin.post(f"{guides.GUIDES}/dataverse/finish/")
    guides.work()

    assert "VENDOR" in review
    assert "the mapping SALESPEOPLE and its job are removed" in review  # E-9.17
    assert GuideRun.objects.order_by("-pk")[0].error_message == ""
    assert DataverseConnectionSetup.objects.get().is_enabled
    assert mappings.get(name="CUSTOMER").guard_percent == 30
    assert mappings.get(name="VENDOR").guard_percent == 99
    assert not mappings.filter(fields__integration_field="ownerid").exists()
