"""The item availability service: published to Sales, tried as Sales does, its key exchanged."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from audit.models import AuditEntry
from connections import deployment, item_availability
from connections.causes import Cause
from connections.errors import ConfigurationError, IntegrationError
from connections.health import State
from connections.models import Company, SalesConnectionSetup
from mappings import reset
from syncjobs import checkup, clock, redeploying
from syncjobs.models import HealthCheck
from syncjobs.progress import in_foreground
from tests.connected import connected, trusting
from tests.connections.server import LocalServer, html, running, told
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]
URL, USER, KEY = (
    "nav_dynamicsnavodataurl",
    "nav_dynamicsnavodatausername",
    "nav_dynamicsnavodataaccesskey",
)


@pytest.fixture
def selling(connected: Company, sandbox: RunningSandbox) -> Company:
    """A company with Sales enabled, and one item."""
    SalesConnectionSetup.objects.filter(company=connected).update(is_enabled=True)
    answer = sandbox.bc.post("items", json={"displayName": "Chair"})
    assert answer.ok, answer.text
    return connected


@pytest.fixture
def company(selling: Company, sandbox: RunningSandbox) -> Iterator[Company]:
    """The same with the roles of the solution."""
    given = {
        "client_id": sandbox.env["SANDBOX_CLIENT_ID"],
        "client_secret": sandbox.env["SANDBOX_CLIENT_SECRET"],
    }
    identity = deployment.identity_for_once(selling, given)
    with in_foreground(selling, job=redeploying.JOB, description="Redeploy") as progress:
        redeploying.run(selling, identity, progress=progress)
    yield selling
    sandbox.reset("empty")


def key_of(sandbox: RunningSandbox) -> str:
    return str(sandbox.control("GET", "access_key")["access_key"])


def publish(company: Company, sandbox: RunningSandbox, **changes: Any) -> Any:
    given = {"user_name": "AVAILABILITY", "access_key": key_of(sandbox), "now": clock.now()}
    return item_availability.publish(company, **{**given, **changes})


def setup_of(company: Company) -> SalesConnectionSetup:
    return SalesConnectionSetup.objects.get(company=company)


def in_sales(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sandbox.dataverse.get("nav_connections").json()["value"]
    return rows


def refused(cause: Cause) -> Any:
    return pytest.raises(ConfigurationError, check=lambda error: error.cause == cause)


def test_what_is_published_stands_in_sales_and_here(
    company: Company, sandbox: RunningSandbox
) -> None:
    trial = publish(company, sandbox)

    [row] = in_sales(sandbox)
    address = f"{sandbox.env['SANDBOX_BC_URL']}/ODataV4/Company('CRONUS%20International%20Ltd.')"
    assert row[URL] == f"{address}/ItemAvailability"
    assert (row[USER], row[KEY]) == ("AVAILABILITY", key_of(sandbox))
    setup = setup_of(company)
    assert setup.item_availability_service_enabled
    assert (setup.odata_url, setup.odata_user_name) == (row[URL], "AVAILABILITY")
    assert setup.odata_access_key.reveal() == key_of(sandbox)
    assert trial.found is not None
    assert (trial.found.description, trial.found.inventory) == ("Chair", Decimal(0))
    assert "Chair, 0" in trial.sentence


def test_publishing_again_makes_no_second_row_and_keeps_the_age_of_the_key(
    company: Company, sandbox: RunningSandbox
) -> None:
    long_ago = clock.now() - timedelta(days=40)
    publish(company, sandbox, now=long_ago)

    publish(company, sandbox)

    assert len(in_sales(sandbox)) == 1
    age = item_availability.age_of_key(setup_of(company), clock.now())
    assert age is not None
    assert age.days == 40


def test_a_row_that_somebody_made_for_the_web_client_is_used(
    company: Company, sandbox: RunningSandbox
) -> None:
    connection = company.business_central_connection
    connection.web_client_url = "https://localhost/bc"
    connection.save()
    theirs = {"nav_name": "Ours", "nav_dynamicsnavurl": "https://localhost/bc?company=CRONUS"}
    assert sandbox.dataverse.post("nav_connections", theirs).ok

    publish(company, sandbox)

    [row] = in_sales(sandbox)
    assert row["nav_name"] == "Ours"
    assert row[USER] == "AVAILABILITY"


def test_it_is_tried_with_what_stands_in_sales(company: Company, sandbox: RunningSandbox) -> None:
    publish(company, sandbox)
    good = item_availability.try_as_sales(company)
    [row] = in_sales(sandbox)
    changed = sandbox.dataverse.patch(f"nav_connections({row['nav_connectionid']})", {KEY: "typo"})
    assert changed.ok

    with refused(Cause.USER_UNKNOWN):
        item_availability.try_as_sales(company)

    assert good.found is not None
    assert good.seconds > 0


def test_a_changed_key_stops_the_service_until_it_is_rotated(
    company: Company, sandbox: RunningSandbox
) -> None:
    publish(company, sandbox, now=clock.now() - timedelta(days=400))
    new = sandbox.control("POST", "access_key")["access_key"]
    with refused(Cause.USER_UNKNOWN):
        item_availability.try_as_sales(company)

    item_availability.rotate(company, access_key=new, now=clock.now())

    assert item_availability.try_as_sales(company).found is not None
    assert in_sales(sandbox)[0][KEY] == new
    age = item_availability.age_of_key(setup_of(company), clock.now())
    assert age is not None
    assert age.days == 0


def test_a_wrong_new_key_changes_nothing(company: Company, sandbox: RunningSandbox) -> None:
    publish(company, sandbox)

    with refused(Cause.USER_UNKNOWN):
        item_availability.rotate(company, access_key="mistyped", now=clock.now())
    with refused(Cause.NO_KEY):
        item_availability.rotate(company, access_key=key_of(sandbox), now=clock.now())

    assert in_sales(sandbox)[0][KEY] == key_of(sandbox)
    assert setup_of(company).odata_access_key.reveal() == key_of(sandbox)


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"user_name": ""}, Cause.USER_UNKNOWN),
        ({"user_name": "A:B"}, Cause.USER_UNKNOWN),
        ({"user_name": "NOBODY"}, Cause.USER_UNKNOWN),
        ({"access_key": ""}, Cause.NO_KEY),
        ({"access_key": "wrong"}, Cause.USER_UNKNOWN),
        ({"url": "http://localhost/ODataV4"}, Cause.NOT_SECURE),
        ({"url": "https://169.254.169.254/latest"}, Cause.HOST_NOT_ALLOWED),
        ({"url": "https://evil.example/ODataV4"}, Cause.HOST_NOT_ALLOWED),
        ({"url": f"https://localhost/{'x' * 250}"}, Cause.VALUE_TOO_LONG),
    ],
)
def test_what_does_not_work_is_refused_and_nothing_is_stored(
    company: Company, sandbox: RunningSandbox, given: dict[str, Any], cause: Cause
) -> None:
    with refused(cause):
        publish(company, sandbox, **given)

    assert in_sales(sandbox) == []
    assert not setup_of(company).item_availability_service_enabled
    assert not setup_of(company).odata_access_key


def test_without_the_solution_it_says_to_redeploy(
    selling: Company, sandbox: RunningSandbox
) -> None:
    [solution] = sandbox.dataverse.get(
        "solutions?$filter=uniquename eq 'MicrosoftDynamicsNavIntegration'"
    ).json()["value"]
    assert sandbox.dataverse.delete(f"solutions({solution['solutionid']})").ok

    with refused(Cause.SOLUTION):
        publish(selling, sandbox)

    sandbox.reset("empty")

    assert not setup_of(selling).item_availability_service_enabled


def test_without_sales_there_is_nothing_to_publish_to(
    connected: Company, sandbox: RunningSandbox
) -> None:
    with refused(Cause.NOT_CONFIGURED):
        publish(connected, sandbox)


def test_unpublishing_leaves_nothing_in_sales_or_here(
    company: Company, sandbox: RunningSandbox
) -> None:
    publish(company, sandbox)

    item_availability.unpublish(company)

    [row] = in_sales(sandbox)
    assert (row[URL], row[USER], row[KEY]) == (None, None, None)
    setup = setup_of(company)
    assert not setup.item_availability_service_enabled
    assert not setup.odata_access_key
    assert setup.odata_key_changed_at is None
    with refused(Cause.NOT_CONFIGURED):
        item_availability.try_as_sales(company)


def test_the_audit_log_knows_who_did_it_but_not_the_key(
    company: Company, sandbox: RunningSandbox
) -> None:
    publish(company, sandbox)

    entry = AuditEntry.objects.latest("pk")

    assert entry.after["odata_user_name"] == "AVAILABILITY"
    assert key_of(sandbox) not in json.dumps([entry.before, entry.after])


def test_the_service_creates_no_job_of_the_newer_kind(
    company: Company, sandbox: RunningSandbox
) -> None:
    publish(company, sandbox)
    company.refresh_from_db()

    assert not reset.choices_of(company).item_availability_enabled


@pytest.fixture
def local(settings: Settings, tmp_path: Any) -> Iterator[LocalServer]:
    with running(tmp_path) as server:
        settings.ALLOWED_SYSTEM_HOSTS = ["localhost=private"]
        settings.SYSTEM_CA_BUNDLE = str(server.ca_bundle)
        yield server


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (html(), Cause.NOT_AVAILABLE),
        (told({"value": [{"number": "1000"}]}), Cause.NOT_AVAILABLE),
        (told({}, status=302, Location="https://evil.example"), Cause.NOT_AVAILABLE),
        (told({}, status=403), Cause.FORBIDDEN),
        (told({}, status=404), Cause.NOT_AVAILABLE),
        (told({}, status=503), Cause.UNAVAILABLE),
    ],
)
def test_odd_answers_are_sorted_and_no_redirect_is_followed(
    local: LocalServer, answer: Any, cause: Cause
) -> None:
    local.says(answer)

    with pytest.raises(IntegrationError) as failed:
        item_availability.ask(f"{local.origin}/ODataV4/X", "AVAILABILITY", "s3cret-key")

    assert failed.value.cause == cause
    assert failed.value.message.endswith(".")
    assert "s3cret-key" not in f"{failed.value.message}{failed.value.detail}"
    assert len(local.requests) == 1


def _health(company: Company) -> HealthCheck | None:
    found = {finding.name: finding for finding in checkup.look(company)}
    return found.get("Item availability")


def test_health_asks_the_service_once_it_is_published(
    company: Company, sandbox: RunningSandbox
) -> None:
    before = _health(company)
    publish(company, sandbox)
    well = _health(company)
    sandbox.control("POST", "access_key")
    ill = _health(company)

    assert before is None
    assert well is not None
    assert well.state == State.HEALTHY
    assert ill is not None
    assert (ill.state, ill.code) == (State.WRONG, Cause.USER_UNKNOWN)


def test_an_old_key_is_to_be_exchanged(company: Company, sandbox: RunningSandbox) -> None:
    publish(company, sandbox, now=clock.now() - timedelta(days=366))

    found = _health(company)

    assert found is not None
    assert found.state == State.WRONG
    assert found.sentence == "The access key of AVAILABILITY is 366 days old."
    assert "rotate" in found.cure


# The command


def run(*arguments: str) -> Any:
    out = io.StringIO()
    call_command("item_availability", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_publishes_tries_rotates_and_never_shows_a_key(
    company: Company, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITEM_AVAILABILITY_ACCESS_KEY", key_of(sandbox))
    first = run("publish", "--user-name", "AVAILABILITY")
    tried = run("try")
    monkeypatch.setenv(
        "ITEM_AVAILABILITY_ACCESS_KEY", sandbox.control("POST", "access_key")["access_key"]
    )
    rotated = run("rotate")
    gone = run("unpublish")

    assert (first["enabled"], first["inventory"], first["key_age_days"]) == (True, "0", 0)
    assert tried["item"] == rotated["item"] == first["item"]
    assert (gone["enabled"], gone["url"]) == (False, "")
    assert key_of(sandbox) not in f"{first}{tried}{rotated}"


def test_the_command_says_in_one_line_what_to_do(company: Company) -> None:
    with pytest.raises(CommandError, match="Publish it first") as failed:
        run("rotate")
    with pytest.raises(CommandError, match="ITEM_AVAILABILITY_ACCESS_KEY"):
        run("publish", "--user-name", "AVAILABILITY")

    assert failed.value.returncode == 2
    assert "\n" not in str(failed.value)
