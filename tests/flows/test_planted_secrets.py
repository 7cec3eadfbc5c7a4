"""Secrets are planted wherever one can be entered, everything is used, and nobody finds them."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import django_rq
import pytest
import rq
from django.conf import settings as console_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, reverse

from connections import item_availability, setup
from connections.errors import ConfigurationError
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
    Redeployment,
    SalesConnectionSetup,
)
from connections.terms import AuthenticationType, RedeployResult
from integration_admin import tokens
from integration_admin.api.door import api
from integration_admin.exporting import list_pages
from integration_admin.exports import FORMATS
from integration_admin.roles import Role
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs import activation, clock
from syncjobs.models import Run
from tests.connected import connected, trusting
from tests.flows.hiding_places import (
    Places,
    Recorder,
    listening,
    search_database,
    search_files,
    search_redis,
    shapes,
)
from tests.pages.addresses import ACTS, BEFORE_SIGN_IN, address, names
from tests.pages.factory import make_user
from tests.pages.test_setups import BC, DATAVERSE, filled, form_of
from tests.running_sandbox import RunningSandbox

__all__ = ["connected", "trusting"]
IDENTITY = "/connections/redeploy/identity/"
REDEPLOY = "/connections/redeploy/start/"
ORDERS = "/connections/sales/orders/switch/"
SALES_SIGN_IN = "/connections/sales/sign-in/"
PACKAGE = "/connections/redeploy/package/"
MARK = "zq7-PLANTED/secret+of&%20{}"  # signs that look another way wherever they are encoded

SET_UPS = ("business_central_setup", "dataverse_setup", "sales_setup")
ASKED = {**dict.fromkeys(SET_UPS, ("?edit=1",)), "redeploy": ("?look=1",)}


def planted(kind: str) -> str:
    return f"{MARK.format(kind)}-{uuid4().hex}"


def trip(request: HttpRequest, secret: str = "") -> HttpResponse:
    """A page with a bug, and a secret at hand."""
    secret = request.POST.get("secret", "")
    message = f"no page of {len(secret)} signs"
    raise RuntimeError(message)


handler500 = "integration_admin.views.failed"
handler403 = "integration_admin.views.forbidden"
urlpatterns = [path("trip/", trip, name="trip"), path("", include("integration_admin.urls"))]


@pytest.fixture
def secrets(sandbox: RunningSandbox) -> dict[str, str]:
    """Every secret by its name: those that open the sandbox, and some that open nothing."""
    env = sandbox.env
    return {
        "client secret of the integration": env["SANDBOX_INTEGRATION_CLIENT_SECRET"],
        "client secret of the deployment identity": env["SANDBOX_CLIENT_SECRET"],
        "private key": Path(env["SANDBOX_CLIENT_KEY_PEM"]).read_text(),
        "password of a person": env["SANDBOX_PASSWORD"],
        "access key": str(sandbox.control("GET", "access_key")["access_key"]),
        "wrong client secret": planted("wrong"),
        "wrong password": planted("password"),
        "wrong sign-in for once": planted("once"),
        "wrong access key": planted("key"),
        "wrong client secret of Sales": planted("sales"),
        "secret in a connection string": planted("string"),
        "secret in a file": planted("file"),
        "password of a user": planted("user"),
        "mistyped password": planted("mistyped"),
        "password typed as a name": planted("name"),
        "secret of a request that fails": planted("trip"),
        "secret sent to the API": planted("api"),
        "key of secrets": console_settings.SECRETS_KEYS[0],
        "key of sessions": console_settings.SECRET_KEY,
    }


@pytest.fixture
def company(connected: Company, sandbox: RunningSandbox) -> Iterator[Company]:
    SalesConnectionSetup.objects.filter(company=connected).update(is_enabled=True)
    for table, name in (("customers", "Adatum"), ("items", "Chair")):
        assert sandbox.bc.post(table, json={"displayName": name}).ok
    activation.create_default_entries(connected, now=clock.now())
    yield connected
    sandbox.reset("empty")


def test_shapes_are_found_wherever_they_begin() -> None:
    places = Places()
    for before in range(4):
        places.add(f"{before}", b64encode(b"x" * before + b"a planted secret" + b"yy"))

    assert len(places.holding({"it": "a planted secret"})) == 4
    assert b"a planted secret" in shapes("a planted secret")


@pytest.mark.urls(__name__)
def test_a_planted_secret_is_found_nowhere(
    company: Company, secrets: dict[str, str], sandbox: RunningSandbox
) -> None:
    places = Places()
    with listening() as ear:
        admin = sign_in(places, secrets)
        token = make_token(admin, secrets)
        enter_set_ups(admin, secrets, sandbox)
        redeploy(admin, secrets, sandbox)
        upload_a_file(admin, secrets)
        publish_availability(company, secrets)
        synchronize(admin, company, secrets)
        ask_the_api(places, token, secrets)
        look_at_every_page(admin)
        export_every_list(admin)
        make_errors(places, admin, secrets)
        secrets["access token"] = access_token(company)
    search_database(places)
    search_redis(places)
    search_files(places)
    places.add("the log", "\n".join(ear.lines))

    # What is no secret is found, so it was looked for where it is; and a form keeps a name.
    known = {"it": sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"]}
    assert "it in table connections_dataverseconnectionsetup" in places.holding(known)
    assert any("rq:job:" in place for place in places.names)
    assert any("urllib3" in line for line in ear.lines)
    assert any("sharedStrings" in place or "sheet1.xml" in place for place in places.names)
    shown_again = "password typed as a name in answer to POST /sign-in/ (mira)"
    assert places.holding(secrets) == [shown_again]


# What is done


def sign_in(places: Places, secrets: dict[str, str]) -> Recorder:
    """Sign in after some mistakes; the number of the session is a secret, too."""
    user = make_user(Role.ADMINISTRATOR, "mira")
    user.set_password(secrets["password of a user"])
    user.save()
    admin = Recorder(places, "mira", raise_request_exception=False)
    for name, password in (
        ("mira", secrets["mistyped password"]),
        (secrets["password typed as a name"], ""),
        (secrets["password typed as a name"], "nothing"),
    ):
        assert admin.post("/sign-in/", {"username": name, "password": password}).status_code == 200
    given = {"username": "mira", "password": secrets["password of a user"]}
    assert admin.post("/sign-in/", given).status_code == 302
    secrets["session"] = admin.cookies[console_settings.SESSION_COOKIE_NAME].value
    return admin


def make_token(admin: Recorder, secrets: dict[str, str]) -> str:
    """Make a token; the one page that shows it is left out of the search."""
    html = admin.post("/api-tokens/create/", {"name": "Reporting", "days": "30"}).content.decode()
    token = f"sic_{html.partition('>sic_')[2].partition('<')[0]}"
    assert len(token) > 20
    admin.places.forget("answer to POST /api-tokens/create/")
    secrets["API token"] = token
    return token


def enter_set_ups(admin: Recorder, secrets: dict[str, str], sandbox: RunningSandbox) -> None:
    """Save each kind of sign-in, right and wrong, and test it; then enable it."""
    wrong = {**form_of(admin, BC), "client_secret": secrets["wrong client secret"]}
    assert admin.post(f"{BC}save/", wrong).status_code == 422
    admin.post("/connections/sales/disable/", {"confirmed": "yes"})
    admin.post(f"{DATAVERSE}disable/", {"confirmed": "yes"})
    integration = sandbox.env["SANDBOX_INTEGRATION_CLIENT_ID"]
    by_secret = {"authentication_type": AuthenticationType.CLIENT_SECRET, "client_id": integration}
    by_password = {
        "authentication_type": AuthenticationType.PASSWORD,
        "client_id": sandbox.env["SANDBOX_PUBLIC_CLIENT_ID"],
        "user_name": sandbox.env["SANDBOX_USERNAME"],
    }
    for given in (
        {
            "authentication_type": AuthenticationType.CERTIFICATE,
            "client_id": sandbox.env["SANDBOX_CLIENT_ID"],
            "certificate": Path(sandbox.env["SANDBOX_CLIENT_CERT_PEM"]).read_text(),
            "private_key": secrets["private key"],
        },
        {**by_password, "password": secrets["wrong password"]},
        {**by_password, "password": secrets["password of a person"]},
        {**by_secret, "client_secret": secrets["wrong client secret"]},
        {**by_secret, "client_secret": secrets["wrong client secret"], "client_id": "no id"},
        {**by_secret, "client_secret": secrets["client secret of the integration"]},
    ):
        admin.post(f"{DATAVERSE}save/", {**form_of(admin, DATAVERSE), **given})
        admin.post("/connections/test/")
        if "private_key" in given:
            sign_in_to_sales(admin, secrets)
    row = DataverseConnectionSetup.objects.get()
    assert row.private_key.reveal() == secrets["private key"].strip()
    assert row.password.reveal() == secrets["password of a person"]
    admin.post(f"{DATAVERSE}save/", {**form_of(admin, DATAVERSE), "is_enabled": "on"})
    admin.post("/connections/sales/enable/")
    for table in (DataverseConnectionSetup, SalesConnectionSetup):
        table.objects.update(is_enabled=True)  # the empty systems lack a currency to be enabled by


def sign_in_to_sales(admin: Recorder, secrets: dict[str, str]) -> None:
    """Type secrets into the page of the direct mode: where they belong, and where they do not."""
    wrong = {"client_secret": secrets["wrong client secret of Sales"]}
    assert admin.post(f"{SALES_SIGN_IN}save/", wrong | {"client_id": "no id"}).status_code == 422
    page = form_of(admin, SALES_SIGN_IN)
    assert admin.post(f"{SALES_SIGN_IN}save/", {**page, **wrong}).status_code == 302
    string = f"AuthType=ClientSecret;ClientSecret={secrets['secret in a connection string']}"
    for page_of in (SALES_SIGN_IN, DATAVERSE):
        typed = {**form_of(admin, page_of), "connection_string": string}
        admin.post(f"{page_of}save/", typed)


def upload_a_file(admin: Recorder, secrets: dict[str, str]) -> None:
    """Give a file that is no package: neither its name nor what it holds is kept."""
    secret = secrets["secret in a file"]
    given = SimpleUploadedFile(f"{secret[4:]}.zip", secret.encode(), "application/zip")
    assert admin.post(PACKAGE, {"package": given}).status_code == 302
    admin.get("/connections/redeploy/")


def redeploy(admin: Recorder, secrets: dict[str, str], sandbox: RunningSandbox) -> None:
    """Store who redeploys, redeploy through the queue; once as somebody who is refused."""
    once = {
        **filled(admin.post(REDEPLOY).content.decode()),
        "confirmed": "yes",
        "client_id": sandbox.env["SANDBOX_CLIENT_ID"],
        "client_secret": secrets["wrong sign-in for once"],
    }
    assert admin.post(REDEPLOY, once).status_code == 422
    assert admin.post(ORDERS, {**once, "to": "on"}).status_code == 422
    page = filled(admin.get(IDENTITY).content.decode())
    stored = {**once, **page, "client_id": sandbox.env["SANDBOX_CLIENT_ID"]}
    for name in ("wrong client secret", "client secret of the deployment identity"):
        admin.post(f"{IDENTITY}save/", {**stored, "client_secret": secrets[name]})
    assert DeploymentIdentity.objects.exists()
    assert admin.post(REDEPLOY, {"confirmed": "yes"}).status_code == 302
    work()
    assert Redeployment.objects.get().result == RedeployResult.DONE


def publish_availability(company: Company, secrets: dict[str, str]) -> None:
    """Let Sales have the service; a wrong key is refused."""
    wrong, right = secrets["wrong access key"], secrets["access key"]
    with pytest.raises(ConfigurationError):
        item_availability.publish(
            company, user_name="AVAILABILITY", access_key=wrong, now=clock.now()
        )
    item_availability.publish(company, user_name="AVAILABILITY", access_key=right, now=clock.now())


def synchronize(admin: Recorder, company: Company, secrets: dict[str, str]) -> None:
    """Let workers run the entries: some succeed, some fail since the sign-in is refused."""
    mapping = IntegrationTableMapping.objects.get(name="CUSTOMER").pk
    everything = {"mode": "full", "confirmed": "yes"}
    admin.post(f"/mappings/{mapping}/synchronize/", everything)
    work()
    assert Coupling.objects.exists(), list(Run.objects.values_list("status", "error_message"))
    row = BusinessCentralConnection.objects.get(company=company)
    right, row.client_secret = row.client_secret.reveal(), secrets["wrong client secret"]
    row.save()
    admin.post(f"/mappings/{mapping}/synchronize/", everything)
    work()
    assert Run.objects.filter(cause="E-SIGN-IN").exists()
    admin.post("/connections/health/check/")
    row.client_secret = right
    row.save()


def work() -> None:
    """Let a real worker of RQ do what Redis rings for."""
    redis = django_rq.get_connection("default")
    queue = django_rq.get_queue("default")
    rq.SimpleWorker([queue], connection=redis, serializer=queue.serializer).work(burst=True)


def ask_the_api(places: Places, token: str, secrets: dict[str, str]) -> None:
    """Call every operation; those that take something are sent a secret where none belongs."""
    program = Recorder(places, "a program", raise_request_exception=False)
    bearer = {"Authorization": f"Bearer {token}"}
    body = json.dumps({"client_secret": secrets["secret sent to the API"], "ids": "x"})
    for router in api._get_bound_routers():
        for place, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    program.generic(
                        method,
                        f"/api/v1{place.replace('{id}', '1').replace('{name}', 'CUSTOMER')}",
                        body if method != "GET" else "",
                        content_type="application/json",
                        headers=bearer,
                    )
    for wrong in (f"{token}x", secrets["wrong password"]):
        program.get("/api/v1/couplings", headers={"Authorization": f"Bearer {wrong}"})
    assert program.get("/api/v1/couplings", headers=bearer).status_code == 200


def look_at_every_page(admin: Recorder) -> None:
    tokens.create(make_user(None, "robot"), "Other", days=30, now=clock.now())
    for name in names():
        if name in {*ACTS, *BEFORE_SIGN_IN, "sign_out", "styleguide", "trip"}:
            continue
        try:
            shown = address(name)
        except AssertionError:  # there is no such record here
            continue
        for asked in ("", *ASKED.get(name, ())):
            assert admin.get(f"{shown}{asked}").status_code in (200, 286, 302), shown


def export_every_list(admin: Recorder) -> None:
    """Download what lists hold in each format; the files are looked into."""
    for name, _ in list_pages():
        for form in FORMATS:
            address = reverse("export_list", args=[name])
            assert admin.get(f"{address}?format={form}").status_code == 200, name


def make_errors(places: Places, admin: Recorder, secrets: dict[str, str]) -> None:
    """See every error page, one of them after a bug with a secret at hand."""
    sent = {"secret": secrets["secret of a request that fails"]}
    assert admin.post("/trip/", sent).status_code == 500
    assert admin.post("/nowhere/", sent).status_code == 404
    strict = Recorder(places, "somebody without a token", enforce_csrf_checks=True)
    assert strict.post("/sign-in/", sent).status_code == 403
    viewer = Recorder(places, "a viewer")
    viewer.force_login(make_user(Role.VIEWER, "vera"))
    assert viewer.post(f"{DATAVERSE}save/", {"client_secret": sent["secret"]}).status_code == 403


def access_token(company: Company) -> str:
    """Return the token that the runs used; its signature is enough to know it by."""
    row = setup.dataverse_setup(company)
    return setup.tokens_of(row, setup.dataverse_origin(row.server_address)).token().split(".")[2]
