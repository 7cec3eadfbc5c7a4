"""Secrets are typed into the guides of Assisted Setup, which end well and badly; nobody finds them.

`test_databases` does the same on PostgreSQL, where a dump is searched.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from uuid import uuid4

import pytest
from django.conf import settings as console_settings
from django.db import connection
from django.test import Client

from connections.models import DataverseConnectionSetup, SalesConnectionSetup
from integration_admin.models import GuideDraft, GuideRun
from integration_admin.roles import Role
from tests.connected import trusting
from tests.flows import guides
from tests.flows.hiding_places import (
    Places,
    Recorder,
    listening,
    search_database,
    search_files,
    search_redis,
)
from tests.pages.factory import make_user
from tests.pages.test_setups import filled
from tests.running_sandbox import RunningSandbox
from tests.syncjobs.test_redeploying import BROKEN_IMPORT, uninstall

__all__ = ["trusting"]
Result = GuideRun.Result


def planted(kind: str) -> str:
    return f"zq7-PLANTED/{kind}+of&%20{{}}-{uuid4().hex}"


@pytest.fixture
def secrets(sandbox: RunningSandbox) -> dict[str, str]:
    env = sandbox.env
    return {
        "client secret of the integration": env["SANDBOX_INTEGRATION_CLIENT_SECRET"],
        "client secret of the administrator": env["SANDBOX_CLIENT_SECRET"],
        "access key": str(sandbox.control("GET", "access_key")["access_key"]),
        "wrong client secret": planted("wrong"),
        "wrong secret of the administrator": planted("once"),
        "wrong access key": planted("key"),
        "password that no type asks for": planted("password"),
        "key of secrets": console_settings.SECRETS_KEYS[0],
    }


@pytest.fixture
def empty(transactional_db: None, trusting: None, sandbox: RunningSandbox) -> Iterator[None]:
    """A console without a company beside two systems that hold nothing of ours."""
    sandbox.reset("empty")
    yield
    sandbox.faults([])
    sandbox.reset("empty")


def test_a_secret_typed_into_a_guide_is_found_nowhere(
    empty: None, secrets: dict[str, str], sandbox: RunningSandbox
) -> None:
    places = Places()
    with listening() as ear:
        admin = Recorder(places, "mira")
        admin.force_login(make_user(Role.ADMINISTRATOR, "mira"))
        guide_to_dataverse(admin, places, secrets, sandbox)
        guide_to_sales(admin, places, secrets, sandbox)
        assert admin.get("/audit-log/").status_code == 200
    search(places)
    places.add("the log", "\n".join(ear.lines))

    known = {"it": sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"]}
    assert "it in table connections_dataverseconnectionsetup" in places.holding(known)
    assert any(place.startswith("Redis rq:") for place in places.names)
    assert "the dump" in places.names or connection.vendor == "sqlite"
    assert places.holding(secrets) == []


# What is done


def guide_to_dataverse(
    admin: Client, places: Places, secrets: dict[str, str], sandbox: RunningSandbox
) -> None:
    """Answer with wrong secrets first; the run fails at the import, and is gone on with."""
    steps = guides.to_dataverse(sandbox)
    guides.answer(admin, "dataverse", {"enable": steps["enable"], "consent": steps["consent"]})
    wrong = {
        **steps["registration"],
        "client_secret": secrets["wrong client secret"],
        "password": secrets["password that no type asks for"],
    }
    guides.save(admin, "dataverse", "registration", {**wrong, "client_id": "no id"})
    guides.answer(admin, "dataverse", {"registration": wrong})
    asked = guides.save(admin, "dataverse", "business_central", steps["business_central"])
    assert asked.status_code == 422
    guides.answer(admin, "dataverse", dict(list(steps.items())[2:5]))
    for changes in (
        {"client_secret": secrets["wrong secret of the administrator"]},
        {"client_secret": secrets["client secret of the integration"]},
    ):
        refused = {**steps["environment"], **changes}
        assert guides.save(admin, "dataverse", "environment", refused).status_code == 422
    guides.answer(admin, "dataverse", dict(list(steps.items())[5:]))
    look(admin, "dataverse", list(steps))
    search(places)  # the draft holds what was typed
    uninstall(sandbox)
    sandbox.faults([BROKEN_IMPORT])
    record = guides.finish(admin, "dataverse")
    search(places)  # what the worker is to take
    guides.work()
    record.refresh_from_db()
    assert record.result == Result.FAILED
    assert record.secrets
    assert admin.get(f"{guides.GUIDES}/runs/{record.pk}/").status_code == 200
    search(places)
    sandbox.faults([])
    admin.post(f"{guides.GUIDES}/runs/{record.pk}/retry/")
    guides.work()
    record.refresh_from_db()
    assert record.result == Result.DONE, record.error_message
    assert DataverseConnectionSetup.objects.get().client_secret


def guide_to_sales(
    admin: Client, places: Places, secrets: dict[str, str], sandbox: RunningSandbox
) -> None:
    """Give a wrong access key, then the right one, and go through to the end."""
    guides.answer(admin, "sales", {"address": {}})
    proposed = filled(admin.get(f"{guides.GUIDES}/sales/advanced/").content.decode())
    service = {
        "enable": "on",
        "publish": "on",
        "odata_url": unescape(proposed["odata_url"]),
        "odata_user_name": "AVAILABILITY",
        "odata_access_key": secrets["access key"],
        "order_integration": "on",
    }
    mistyped = {**service, "odata_access_key": secrets["wrong access key"]}
    assert guides.save(admin, "sales", "advanced", mistyped).status_code == 422
    guides.answer(admin, "sales", {"advanced": service})
    wrong = guides.administrator(sandbox)
    wrong["client_secret"] = secrets["wrong secret of the administrator"]
    assert guides.save(admin, "sales", "administrator", wrong).status_code == 422
    guides.answer(
        admin,
        "sales",
        {
            "administrator": guides.administrator(sandbox),
            "first_synchronization": {"first": "later"},
        },
    )
    look(admin, "sales", ["address", "advanced", "administrator"])
    search(places)
    record = guides.finish(admin, "sales")
    guides.work()
    record.refresh_from_db()
    assert record.result == Result.DONE, record.error_message
    assert SalesConnectionSetup.objects.get().odata_access_key.reveal() == secrets["access key"]
    assert not GuideDraft.objects.exists()


def look(admin: Client, guide: str, steps: list[str]) -> None:
    """See every step again with what was answered, and the review."""
    for step in [*steps, "review"]:
        assert admin.get(f"{guides.GUIDES}/{guide}/{step}/").status_code in (200, 302), step


def search(places: Places) -> None:
    search_database(places)
    search_redis(places)
    search_files(places)
