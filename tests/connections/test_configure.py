"""The command `configure`."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from audit.models import AuditEntry
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    SalesConnectionSetup,
)
from mappings.models import IntegrationTableMapping
from syncjobs import clock, queue
from syncjobs.models import JobQueueEntry
from syncjobs.terms import JobStatus
from tests.connections.test_on_premises import demoted
from tests.running_sandbox import RunningSandbox
from tests.syncjobs.test_redeploying import take_role_away

pytestmark = pytest.mark.django_db(transaction=True)
ID = "3d8cae74-2e5d-4f90-9c63-8d4e7fa09b03"
NO_COUNT = r"/transactioncurrencies(?!/\$count)"


@pytest.fixture
def exported(admitted: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """A sandbox whose variables are in the environment."""
    admitted.reset("empty")
    for name, value in admitted.env.items():
        monkeypatch.setenv(name, value)
    return admitted


def _configure(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("configure", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def _refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as refusal:
        call_command("configure", *arguments, stdout=io.StringIO())
    assert refusal.value.returncode == 2
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_a_sandbox_is_connected_with_mappings_and_jobs(exported: RunningSandbox) -> None:
    told = _configure("--sandbox")

    company = Company.objects.get()
    setup = DataverseConnectionSetup.objects.get()
    assert told["connected"]
    assert told["company"] == company.name == "CRONUS International Ltd."
    assert company.business_central_id == UUID(exported.env["SANDBOX_BC_COMPANY_ID"])
    assert company.dataverse_company_id is not None
    assert company.local_currency_code
    assert setup.is_enabled
    assert setup.owning_team_id is not None
    assert setup.integration_user_name == "Business Central Integration"
    assert "CUSTOMER" in told["mappings_created"]
    entries = JobQueueEntry.objects.filter(company=company, mapping_name="CUSTOMER")
    assert entries.get().status == JobStatus.READY


def test_doing_it_again_changes_nothing(exported: RunningSandbox) -> None:
    _configure("--sandbox")
    mapping = IntegrationTableMapping.objects.get(name="CUSTOMER")
    IntegrationTableMapping.objects.filter(pk=mapping.pk).update(synch_only_coupled_records=False)
    before = list(JobQueueEntry.objects.values())

    told = _configure("--sandbox")

    assert told["mappings_created"] == told["mappings_reset"] == []
    assert told["jobs_created"] == 0
    assert not told["company_row_created"]
    mapping.refresh_from_db()
    assert not mapping.synch_only_coupled_records
    assert list(JobQueueEntry.objects.values()) == before


def test_sales_comes_when_it_is_asked_for_and_stays(exported: RunningSandbox) -> None:
    without = _configure("--sandbox")
    with_sales = _configure("--sandbox", "--sales")
    _configure("--sandbox")

    assert "ITEM-PRODUCT" not in without["mappings_created"]
    assert "ITEM-PRODUCT" in with_sales["mappings_created"]
    row = SalesConnectionSetup.objects.get()
    assert row.is_enabled
    assert row.sales_version
    [link] = exported.dataverse.get("nav_connections").json()["value"]
    assert link["nav_dynamicsnavurl"].startswith(exported.env["SANDBOX_CONTROL_URL"])
    assert IntegrationTableMapping.objects.filter(name="ITEM-PRODUCT").exists()


def test_sales_that_is_switched_off_takes_its_jobs_and_its_address_along(
    exported: RunningSandbox, tmp_path: Path
) -> None:  # E-9.25
    _configure("--sandbox", "--sales")
    ready = JobQueueEntry.objects.filter(status=JobStatus.READY)
    assert ready.filter(mapping_name="ITEM-PRODUCT").exists()

    off = _description(exported.env, "", "[sales]\nenabled = false")
    _configure("--file", _file(tmp_path, off))

    assert not SalesConnectionSetup.objects.get().is_enabled
    assert not ready.filter(mapping_name="ITEM-PRODUCT").exists()
    assert ready.filter(mapping_name="CUSTOMER").exists()
    [link] = exported.dataverse.get("nav_connections").json()["value"]
    assert not link["nav_dynamicsnavurl"]


def test_what_a_person_holds_stays_on_hold_when_sales_is_switched_on_again(
    exported: RunningSandbox, tmp_path: Path
) -> None:  # E-7.50
    _configure("--sandbox", "--sales")
    held = JobQueueEntry.objects.get(mapping_name="ITEM-PRODUCT")
    queue.set_on_hold(held, now=clock.now())
    off = _description(exported.env, "", "[sales]\nenabled = false")
    _configure("--file", _file(tmp_path, off))

    _configure("--sandbox", "--sales")

    status = dict(JobQueueEntry.objects.values_list("mapping_name", "status"))
    assert status["ITEM-PRODUCT"] == JobStatus.ON_HOLD
    assert status["RESOURCE-PRODUCT"] == JobStatus.READY


# What the pages ask before they enable: E-9.14, E-9.23


@pytest.fixture
def lost(exported: RunningSandbox) -> Iterator[RunningSandbox]:
    """A sandbox that may lose what is needed; it is put back afterwards."""
    yield exported
    exported.faults([])
    exported.reset("empty")


def test_sales_is_not_enabled_without_its_roles_and_says_so(lost: RunningSandbox) -> None:
    take_role_away(lost)

    told = _refusal("--sandbox", "--sales")

    assert "lacks the security role" in told
    assert DataverseConnectionSetup.objects.get().is_enabled
    assert not SalesConnectionSetup.objects.get().is_enabled
    names = IntegrationTableMapping.objects.values_list("name", flat=True)
    assert "CUSTOMER" in names
    assert "ITEM-PRODUCT" not in names


def test_sales_that_is_connected_directly_rests_wholly_without_its_roles(
    lost: RunningSandbox, tmp_path: Path
) -> None:  # C-0603
    take_role_away(lost)
    sign_in = 'client_secret = {env = "SANDBOX_INTEGRATION_CLIENT_SECRET"}'
    direct = '[sales]\nenabled = true\nconnection_mode = "Direct"'
    text = _description(lost.env, sign_in, direct)

    told = _refusal("--file", _file(tmp_path, text))

    assert "lacks the security role" in told
    assert not DataverseConnectionSetup.objects.get().is_enabled
    assert not SalesConnectionSetup.objects.get().is_enabled
    assert not IntegrationTableMapping.objects.exists()


def test_sales_that_is_in_use_is_not_changed_without_its_roles(
    lost: RunningSandbox, tmp_path: Path
) -> None:
    _configure("--sandbox", "--sales")
    take_role_away(lost)
    before = _everything()

    told = _refusal("--file", _file(tmp_path, _description(lost.env, 'ownership_model = "Team"')))

    assert "lacks the security role" in told
    assert told.endswith("Nothing was changed: the connection goes on as it was.")
    assert _everything() == before


def test_nothing_is_enabled_without_the_local_currency(lost: RunningSandbox) -> None:
    answer = {"action": "status", "status": 200, "body": {"value": []}}
    lost.faults([{"system": "dataverse", "path": NO_COUNT, **answer}])

    told = _refusal("--sandbox")

    assert "local currency" in told
    assert not DataverseConnectionSetup.objects.get().is_enabled
    assert not IntegrationTableMapping.objects.exists()


# What is in use: E-9.7


def _everything() -> list[Any]:
    models = (DataverseConnectionSetup, SalesConnectionSetup, JobQueueEntry)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def _acts(since: int) -> list[tuple[str, str]]:
    """Return what was done to the set-ups after an entry of the audit log."""
    entries = AuditEntry.objects.filter(pk__gt=since, object_kind__endswith="Connection Setup")
    return list(entries.order_by("pk").values_list("act", "object_kind"))


@pytest.fixture
def in_use(exported: RunningSandbox) -> int:
    """Both connections are enabled; the number of the newest entry of the audit log."""
    _configure("--sandbox", "--sales")
    return AuditEntry.objects.latest("pk").pk


def test_what_is_in_use_and_described_as_it_is_is_left_alone(in_use: int) -> None:
    _configure("--sandbox")

    assert _acts(in_use) == []


def test_what_is_in_use_is_disabled_changed_and_enabled_again(
    exported: RunningSandbox, in_use: int, tmp_path: Path
) -> None:
    held = JobQueueEntry.objects.get(mapping_name="VENDOR")
    queue.set_on_hold(held, now=clock.now())
    text = _description(exported.env, 'ownership_model = "Team"')

    _configure("--file", _file(tmp_path, text))

    dataverse, sales = "Dataverse Connection Setup", "Microsoft Dynamics 365 Connection Setup"
    assert _acts(in_use) == [
        ("Disabled", sales),
        ("Disabled", dataverse),
        ("Changed", dataverse),
        ("Enabled", dataverse),
        ("Enabled", sales),
    ]
    assert DataverseConnectionSetup.objects.get().ownership_model == "Team"
    status = dict(JobQueueEntry.objects.values_list("mapping_name", "status"))
    assert status["VENDOR"] == JobStatus.ON_HOLD
    assert status["CUSTOMER"] == status["ITEM-PRODUCT"] == JobStatus.READY


def test_settings_that_do_not_work_leave_what_is_in_use_as_it_was(
    exported: RunningSandbox, in_use: int, tmp_path: Path
) -> None:
    before = _everything()
    wrong = 'client_secret = "wr0ng-s3cret"\nownership_model = "Team"'

    told = _refusal("--file", _file(tmp_path, _description(exported.env, wrong)))

    assert told.startswith("Dataverse, Sign-in: The client secret is wrong.")
    assert told.endswith("Nothing was changed: the connection goes on as it was.")
    assert _everything() == before
    assert _acts(in_use) == []
    assert Company.objects.get().name != "Northwind"


def test_what_sales_lets_people_change_meanwhile_disables_nothing(
    exported: RunningSandbox, in_use: int, tmp_path: Path
) -> None:
    quotes = "[sales]\nauto_process_sales_quotes = true"
    text = _description(exported.env, "", quotes)

    _configure("--file", _file(tmp_path, text))

    assert _acts(in_use) == [("Changed", "Microsoft Dynamics 365 Connection Setup")]
    assert SalesConnectionSetup.objects.get().auto_process_sales_quotes


def test_a_second_company_of_the_same_name_is_told_apart(exported: RunningSandbox) -> None:
    other = Company.objects.create(
        name="CRONUS International Ltd.", business_central_id=UUID(int=1)
    )

    told = _configure("--sandbox")

    assert told["company"].startswith("CRONUS International")
    assert told["company"] != other.name


def test_mappings_go_back_to_their_defaults_when_asked(exported: RunningSandbox) -> None:
    _configure("--sandbox")
    IntegrationTableMapping.objects.filter(name="CUSTOMER").update(synch_only_coupled_records=False)

    told = _configure("--sandbox", "--reset-mappings")

    assert "CUSTOMER" in told["mappings_reset"]
    assert IntegrationTableMapping.objects.get(name="CUSTOMER").synch_only_coupled_records


def test_jobs_can_wait_or_be_left_out(exported: RunningSandbox) -> None:
    _configure("--sandbox", "--no-jobs")
    assert not JobQueueEntry.objects.exists()

    _configure("--sandbox", "--hold")
    assert set(JobQueueEntry.objects.values_list("status", flat=True)) == {JobStatus.ON_HOLD}


def test_a_host_that_is_not_admitted_stays_out(
    exported: RunningSandbox, settings: Settings
) -> None:
    settings.ALLOWED_SYSTEM_HOSTS = ["*.dynamics.com"]

    told = _refusal("--sandbox")

    assert "ALLOWED_SYSTEM_HOSTS" in told
    assert "(E-HOST)" in told
    assert not Company.objects.exists()
    assert not IntegrationTableMapping.objects.exists()


def test_without_a_sandbox_it_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANDBOX_AUTHORITY", raising=False)

    assert "python -m sandbox serve" in _refusal("--sandbox")


# Files


def _file(folder: Path, text: str) -> str:
    path = folder / "connections.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


LED_BY_STRING = ("server_address", "client_id", "tenant")


def _description(env: dict[str, str], dataverse: str, more: str = "") -> str:
    sign_in = f"""
authority = "{env["SANDBOX_AUTHORITY"]}"
tenant = "{env["SANDBOX_TENANT"]}"
client_id = "{env["SANDBOX_INTEGRATION_CLIENT_ID"]}"
"""
    return f"""
[company]
business_central_id = "{env["SANDBOX_BC_COMPANY_ID"]}"
name = "Northwind"
[business_central]
server_address = "{env["SANDBOX_BC_URL"]}"{sign_in}
client_secret = {{env = "SANDBOX_INTEGRATION_CLIENT_SECRET"}}
[dataverse]
server_address = "{env["SANDBOX_DATAVERSE_URL"]}"{sign_in}
consent = true
{dataverse}
{more}
"""


def test_a_file_connects_with_a_certificate_and_a_variable(
    exported: RunningSandbox, tmp_path: Path
) -> None:
    (tmp_path / "c.pem").write_bytes(Path(exported.env["SANDBOX_CLIENT_CERT_PEM"]).read_bytes())
    dataverse = f"""
authentication_type = "Certificate"
ownership_model = "Team"
certificate = {{file = "c.pem"}}
private_key = {{file = "{exported.env["SANDBOX_CLIENT_KEY_PEM"]}"}}
"""
    text = _description(exported.env, dataverse, "[sales]\nenabled = false")

    told = _configure("--file", _file(tmp_path, text))

    assert told["company"] == "Northwind"
    assert told["connected"]
    assert "ITEM-PRODUCT" not in told["mappings_created"]
    assert DataverseConnectionSetup.objects.get().ownership_model == "Team"
    secret = BusinessCentralConnection.objects.get().client_secret
    assert secret.reveal() == exported.env["SANDBOX_INTEGRATION_CLIENT_SECRET"]


def test_a_file_connects_through_ad_fs_by_a_connection_string(
    exported: RunningSandbox, tmp_path: Path
) -> None:
    demoted(exported)
    app = exported.env["SANDBOX_PUBLIC_CLIENT_ID"]
    string = (
        f"AuthType=OAuth;Url={exported.env['SANDBOX_DATAVERSE_URL']};ProxyVersion=91;"
        f"UserName={exported.env['SANDBOX_USERNAME']};Password={{PASSWORD}};"
        f"AppId={app};RedirectUri=app://{app}"
    )
    facts = f"""
authentication_type = "OAuth"
connection_string = "{string}"
password = {{env = "SANDBOX_PASSWORD"}}
"""
    text = _description(exported.env, facts)
    head, _, rest = text.partition("[dataverse]")
    rest = "\n".join(line for line in rest.splitlines() if not line.startswith(LED_BY_STRING))

    told = _configure("--file", _file(tmp_path, f"{head}[dataverse]\n{rest}"))

    row = DataverseConnectionSetup.objects.get()
    assert told["connected"]
    assert (row.client_id, row.sdk_version) == (app, "9.1")
    assert row.user_name == exported.env["SANDBOX_USERNAME"]
    exported.reset("empty")


def test_a_check_that_fails_is_the_line_that_is_told(
    exported: RunningSandbox, tmp_path: Path
) -> None:
    text = _description(exported.env, 'client_secret = "wr0ng-s3cret"')

    told = _refusal("--file", _file(tmp_path, text))

    assert told.startswith("Dataverse, Sign-in: The client secret is wrong.")
    assert "wr0ng-s3cret" not in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no toml", "is no TOML"),
        ("[company]\nbusiness_central_id = 'x'", "business_central_id is missing or is no id"),
        ("[compny]\nname = 'x'", "compny is not known. Did you mean company?"),
        (f"[company]\nbusiness_central_id = '{ID}'\n[dataverse]\nurl = 'x'", "[dataverse] url is"),
        ("company = 1", "must be a section"),
        ("[company]\nname = 1", "company.name must be a text"),
        ("[dataverse]\npassword = {env = 'NO_SUCH_NAME'}", "NO_SUCH_NAME, which is not set"),
        ("[dataverse]\nprivate_key = {file = 'no.key'}", "no.key, which cannot be read"),
        (
            f"[company]\nbusiness_central_id = '{ID}'\n[dataverse]\nownership_model = 'Nobody'",
            "[dataverse] ownership_model",
        ),
        (
            f"[company]\nbusiness_central_id = '{ID}'\n[dataverse]\nsdk_version = '7'",
            "[dataverse] sdk_version",
        ),
        (
            f"[company]\nbusiness_central_id = '{ID}'\n"
            "[dataverse]\nauthentication_type = 'Office365'",
            "(E-RETIRED)",
        ),
        (
            f"[company]\nbusiness_central_id = '{ID}'\n"
            "[dataverse]\nauthentication_type = 'AD'\nuser_name = 'bob'",
            "[dataverse] user_name: Enter the user as DOMAIN\\name. (E-DOMAIN)",
        ),
        (
            f"[company]\nbusiness_central_id = '{ID}'\n[dataverse]\nauthentication_type = 'AD'\n"
            "connection_string = 'AuthType=AD;Url=https://crm.example;Password=hush'",
            "(E-LITERAL-SECRET)",
        ),
        (
            f"[company]\nbusiness_central_id = '{ID}'\n"
            "[business_central]\nauthentication_type = 'AD'",
            "[business_central] authentication_type",
        ),
        (
            f"[company]\nbusiness_central_id = '{ID}'\n[sales]\nauto_create_sales_orders = 'x'",
            "[sales] auto_create_sales_orders",
        ),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, words: str) -> None:
    assert words in _refusal("--file", _file(tmp_path, text))
    assert not Company.objects.exists()


# What the pages refuse


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ("[sales]\nserver_address = 'https://169.254.169.254/x'", "[sales] server_address"),
        ("[sales]\nserver_address = 'http://localhost'", "(E-HTTPS)"),
        ("[dataverse]\nserver_address = 'https://elsewhere.example'", "(E-HOST)"),
        ("[business_central]\nauthority = 'https://elsewhere.example'", "(E-HOST)"),
        ("[deployment]\nauthority = 'https://elsewhere.example'", "(E-HOST)"),
        ("[sales]\nweb_client_url = 'javascript:alert(1)'", "(E-URL)"),
        (
            "[dataverse]\nserver_address = 'https://localhost:1'\n"
            "[sales]\nserver_address = 'https://localhost:2'",
            "(E-MISMATCH)",
        ),
        ("[sales]\nauto_create_sales_orders = true", "(E-EXCLUSIVE)"),
        ("[sales]\nsales_order_model = 'OrderIntegration'", "(E-ORDER-INTEGRATION)"),
    ],
)
def test_a_file_is_refused_what_the_form_refuses_and_saves_nothing(
    tmp_path: Path, settings: Settings, parts: str, words: str
) -> None:  # C-0601, C-0614, C-0615
    settings.ALLOWED_SYSTEM_HOSTS = ["localhost=private"]
    text = f"[company]\nbusiness_central_id = '{ID}'\n{parts}"

    assert words in _refusal("--file", _file(tmp_path, text))
    assert not Company.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "code"), [("Off", "E-ORDER-INTEGRATION"), ("Bidirectional", "E-EXCLUSIVE")]
)
def test_order_integration_that_is_on_is_left_to_its_own_switch(
    tmp_path: Path, wanted: str, code: str
) -> None:  # C-0614
    company = Company.objects.create(name="Northwind", business_central_id=UUID(ID))
    SalesConnectionSetup.objects.create(company=company, sales_order_model="OrderIntegration")
    text = f"[company]\nbusiness_central_id = '{ID}'\n[sales]\nsales_order_model = '{wanted}'"

    assert f"({code})" in _refusal("--file", _file(tmp_path, text))
    assert SalesConnectionSetup.objects.get().sales_order_model == "OrderIntegration"


def test_a_name_that_another_company_has_is_refused(tmp_path: Path) -> None:
    Company.objects.create(name="Northwind", business_central_id=UUID(int=1))
    text = f"[company]\nbusiness_central_id = '{ID}'\nname = 'Northwind'"

    assert "[company] name" in _refusal("--file", _file(tmp_path, text))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert "cannot be read" in _refusal("--file", str(tmp_path / "nothing.toml"))
