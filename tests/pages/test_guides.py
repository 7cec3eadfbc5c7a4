"""The pages of Assisted Setup: steps, drafts, what is refused and why; no system is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEntry
from connections.models import Company, DataverseConnectionSetup, SalesConnectionSetup
from integration_admin.guides import drafts, guide, starting
from integration_admin.guides.dataverse_guide import GUIDE
from integration_admin.guides.guide import Situation, Standing
from integration_admin.models import GuideDraft, GuideRun
from integration_admin.roles import Role
from mappings.models import IntegrationTableMapping
from syncjobs.leases import BusyError
from syncjobs.models import JobQueueEntry
from syncjobs.scheduler import Scheduler
from tests.pages.conftest import SignedIn
from tests.pages.factory import Past, make_user

ROOT = "/assisted-setup/dataverse"
PLANTED = "a very secret text"
REGISTRATION = {
    "authority": "https://login.microsoftonline.com",
    "tenant": "cronus.example",
    "authentication_type": "ClientSecret",
    "client_id": "0f0d1f2a-8d0f-4a2e-9a51-0c7f6ad2d111",
    "client_secret": PLANTED,
}


def save(client: Client, step: str, go: str = "next", **answers: str) -> Any:
    return client.post(f"{ROOT}/{step}/save/", {**answers, "go": go})


def disabled(past: Past) -> None:
    SalesConnectionSetup.objects.update(is_enabled=False)
    DataverseConnectionSetup.objects.update(is_enabled=False)


# What a guide is


def test_the_stepper_shows_every_step_and_why_one_does_not_apply() -> None:
    states = {one.step.key: one for one in guide.standings(GUIDE, Situation(), "consent")}

    assert len(states) == 13
    assert states["consent"].standing == Standing.HERE
    assert states["integration_user"].standing == Standing.LEFT_OUT
    assert "application" in states["integration_user"].reason
    assert states["environment"].standing == Standing.TO_DO


def test_the_numbers_of_the_stepper_are_those_that_a_step_counts_itself_by() -> None:
    states = guide.standings(GUIDE, Situation(), "consent")

    applying = [one.number for one in states if one.standing != Standing.LEFT_OUT]
    assert applying == list(range(1, len(applying) + 1))


def test_a_user_that_signs_in_by_name_is_asked_for() -> None:
    by_name = {"registration": {"authentication_type": "Password"}}
    situation = Situation(answers=by_name)

    assert guide.after(GUIDE, situation, "registration").key == "integration_user"
    assert guide.after(GUIDE, Situation(), "registration").key == "business_central"


def test_under_the_model_team_nobody_couples_salespeople() -> None:
    team = Situation(answers={"ownership": {"ownership_model": "Team"}})

    assert guide.after(GUIDE, team, "ownership").key == "first_synchronization"
    assert guide.after(GUIDE, Situation(), "ownership").key == "salespeople"
    assert guide.before(GUIDE, team, "first_synchronization").key == "ownership"


def test_what_rests_on_a_changed_answer_is_looked_at_again() -> None:
    assert guide.resting_on(GUIDE, "registration") == {
        "business_central",
        "company",
        "environment",
        "ownership",
        "salespeople",
        "first_synchronization",
        "full_synch_review",
    }


# Drafts


def test_an_answer_is_found_again_from_another_browser(db: None) -> None:
    person = make_user(Role.ADMINISTRATOR)
    first, second = Client(), Client()
    first.force_login(person)
    second.force_login(person)

    save(first, "enable", data_synchronization="on")
    save(first, "consent", accepted="on")
    save(first, "registration", **REGISTRATION)
    start = second.get(f"{ROOT}/").content.decode()
    page = second.get(f"{ROOT}/registration/").content.decode()

    assert "Go on with Business Central" in start
    assert "cronus.example" in page
    assert PLANTED not in page
    assert "Set; leave empty to keep it" in page


def test_going_back_loses_nothing_and_asks_nothing(db: None, admin: Client) -> None:
    answer = save(admin, "registration", "back", **{**REGISTRATION, "client_id": "no id"})

    assert answer["Location"] == f"{ROOT}/consent/"
    assert 'value="no id"' in admin.get(f"{ROOT}/registration/").content.decode()
    assert "registration" not in GuideDraft.objects.get().done


def test_leaving_asks_once_and_keeps_the_answers_meanwhile(
    db: None, admin: Client
) -> None:  # C-0203
    answer = save(admin, "enable", "leave", data_synchronization="on")

    question = admin.get(answer["Location"]).content.decode()

    assert answer["Location"] == f"{ROOT}/enable/leave/"
    assert "Save and close" in question
    assert "Discard" in question
    assert f'href="{ROOT}/enable/">Stay' in question
    assert "In progress" in admin.get("/assisted-setup/").content.decode()


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        (f"{ROOT}/consent/", f"{ROOT}/consent/"),
        ("/mappings/?page=2", f"{ROOT}/enable/leave/?next=%2Fmappings%2F%3Fpage%3D2"),
        ("https://elsewhere.example/", f"{ROOT}/enable/leave/"),
    ],
)
def test_leaving_leads_where_somebody_wanted_to_go(
    db: None, admin: Client, asked: str, leads: str
) -> None:
    answer = save(admin, "enable", "leave", data_synchronization="on", next=asked)

    assert answer["Location"] == leads


def test_discarding_on_leaving_asks_no_second_time(db: None, admin: Client) -> None:
    save(admin, "enable", "leave", data_synchronization="on")

    admin.post(f"{ROOT}/discard/", {"confirmed": "yes", "next": "/mappings/"})

    assert not GuideDraft.objects.exists()
    assert "You have entered nothing yet" in admin.get(f"{ROOT}/enable/leave/").content.decode()


def test_secrets_are_sealed_and_gone_after_an_hour_and_the_draft_after_a_week(
    db: None, admin: Client
) -> None:
    save(admin, "registration", **REGISTRATION)
    draft = GuideDraft.objects.get()
    assert PLANTED not in draft.secrets.token
    assert PLANTED not in str(draft.answers)
    assert "registration" in draft.done

    drafts.forget_expired(now=timezone.now() + timedelta(hours=2))
    draft.refresh_from_db()
    assert not draft.secrets
    assert draft.done == []
    assert draft.answers["registration"]["tenant"] == "cronus.example"

    drafts.forget_expired(now=timezone.now() + timedelta(days=8))
    assert not GuideDraft.objects.exists()


def test_the_scheduler_forgets_secrets_that_nobody_came_back_for(db: None, admin: Client) -> None:
    save(admin, "registration", **REGISTRATION)
    scheduler = Scheduler("tests", chore=lambda now: drafts.forget_expired(now=now))

    scheduler.tick(timezone.now())
    assert GuideDraft.objects.get().secrets
    scheduler.tick(timezone.now() + timedelta(hours=2))

    assert not GuideDraft.objects.get().secrets


def test_answers_are_somebodys_own(db: None, admin: Client, signed_in: SignedIn) -> None:
    save(admin, "registration", **REGISTRATION)
    other = Client()
    other.force_login(make_user(Role.ADMINISTRATOR, "somebody else"))

    assert "cronus.example" not in other.get(f"{ROOT}/registration/").content.decode()


def test_answers_are_discarded_after_asking(db: None, admin: Client) -> None:
    save(admin, "enable", data_synchronization="on")

    asked = admin.post(f"{ROOT}/discard/").content.decode()
    assert "Discard your answers?" in asked
    assert GuideDraft.objects.exists()
    admin.post(f"{ROOT}/discard/", {"confirmed": "yes"})

    assert not GuideDraft.objects.exists()


# What is refused


@pytest.mark.parametrize(
    ("step", "answers", "field", "code"),
    [
        ("enable", {}, "data_synchronization", "E-REQUIRED"),
        ("consent", {}, "accepted", "E-REQUIRED"),
        ("registration", {**REGISTRATION, "client_id": "cronus"}, "client_id", "E-GUID"),
        ("registration", {**REGISTRATION, "client_secret": ""}, "client_secret", "E-REQUIRED"),
        ("registration", {**REGISTRATION, "tenant": ""}, "tenant", "E-REQUIRED"),
        ("registration", {**REGISTRATION, "authority": "http://a.example"}, "authority", "E-H"),
        (
            "environment",
            {"server_address": "https://a.crm.dynamics.com/x"},
            "server_address",
            "E-URL-SUGGEST",
        ),
        ("company", {}, "business_central_id", "E-REQUIRED"),
        ("salespeople", {}, "continue_without", "E-REQUIRED"),
        ("ownership", {"ownership_model": "Nobody"}, "ownership_model", "E-TYPE"),
    ],
)
def test_what_is_wrong_stands_next_to_its_field_with_its_code(
    db: None, admin: Client, step: str, answers: dict[str, str], field: str, code: str
) -> None:  # C-0005
    answer = save(admin, step, **answers)

    html = answer.content.decode()
    assert answer.status_code == 422
    assert code in html.partition(f'id="id_{field}-e"')[2][:400]
    assert PLANTED not in html
    assert step not in GuideDraft.objects.get().done


def test_a_host_that_nobody_allowed_is_refused_at_its_address(db: None, admin: Client) -> None:
    save(admin, "registration", **REGISTRATION)

    answer = save(
        admin,
        "business_central",
        server_address="https://elsewhere.example/v2.0/a/b",
        resource="https://api.businesscentral.dynamics.com",
    )

    assert answer.status_code == 422
    assert "E-HOST" in answer.content.decode().partition('id="id_server_address-e"')[2][:600]


def test_a_step_says_what_comes_before_it(db: None, admin: Client) -> None:
    page = admin.get(f"{ROOT}/business_central/").content.decode()
    answer = save(admin, "business_central")

    assert "Something comes before this step" in page
    assert "The step Sign-in and app registration comes first." in answer.content.decode()


def test_nothing_is_finished_while_a_step_is_open(db: None, admin: Client) -> None:
    save(admin, "enable", data_synchronization="on")

    answer = admin.post(f"{ROOT}/finish/")

    assert answer["Location"] == f"{ROOT}/review/"
    assert not GuideRun.objects.exists()
    review = admin.get(f"{ROOT}/review/").content.decode()
    assert "Consent" in review
    assert "/finish/" not in review


# Types of sign-in (E-9.18)

AD = {"authentication_type": "AD"}
IFD = {
    "authentication_type": "IFD",
    "authority": "https://sts.contoso.example",
    "client_id": REGISTRATION["client_id"],
}


def test_a_guide_shows_the_fields_of_each_type_of_sign_in(db: None, admin: Client) -> None:
    page = admin.get(f"{ROOT}/registration/").content.decode()

    assert 'data-kinds="Certificate"' in page
    assert 'value="AD"' in page
    assert "They are unproven" in page


def test_beside_a_server_of_ones_own_business_central_has_a_sign_in_of_its_own(
    db: None, admin: Client
) -> None:
    save(admin, "registration", **REGISTRATION)
    shared = admin.get(f"{ROOT}/business_central/").content.decode()
    save(admin, "registration", **AD)
    apart = admin.get(f"{ROOT}/business_central/").content.decode()

    assert 'name="authentication_type"' not in shared
    assert 'name="authentication_type"' in apart
    assert 'value="AD"' not in apart


def test_a_server_of_ones_own_has_a_version_and_is_none_of_microsofts(
    db: None, admin: Client
) -> None:
    save(admin, "registration", **AD)
    page = admin.get(f"{ROOT}/environment/").content.decode()

    answer = save(
        admin,
        "environment",
        server_address="https://contoso.crm.dynamics.com",
        authentication_type="AD",
        sdk_version="9.1",
    )

    assert 'name="sdk_version"' in page
    assert "E-AUTHTYPE" in answer.content.decode().partition('id="id_server_address-e"')[2]


@pytest.mark.parametrize(
    ("kind", "user", "code"),
    [
        (AD, "mira@contoso.example", "E-DOMAIN"),
        ({**REGISTRATION, "authentication_type": "Password"}, "CONTOSO\\mira", "E-EMAIL"),
        (IFD, "", "E-REQUIRED"),
    ],
)
def test_the_integration_user_is_named_as_its_type_of_sign_in_wants(
    db: None, admin: Client, kind: dict[str, str], user: str, code: str
) -> None:  # C-0305
    save(admin, "registration", **kind)

    answer = save(admin, "integration_user", user_name=user, password=PLANTED)

    assert code in answer.content.decode().partition('id="id_user_name-e"')[2]
    assert PLANTED not in answer.content.decode()


def test_an_ifd_server_is_no_place_of_microsofts(db: None, admin: Client) -> None:
    answer = save(admin, "registration", **{**IFD, "authority": REGISTRATION["authority"]})

    assert "E-REQUIRED" in answer.content.decode().partition('id="id_authority-e"')[2]


# Around a guide


def test_a_guide_says_what_to_have_at_hand(db: None, admin: Client) -> None:
    page = admin.get(f"{ROOT}/").content.decode()

    assert "Have at hand" in page
    assert "user_impersonation" in page


def test_two_clicks_on_finish_start_one_run(past: Past) -> None:
    person = make_user(Role.ADMINISTRATOR)
    draft = drafts.find_or_new(person, GUIDE, past.company, now=past.now)
    draft.save()
    twice = GuideDraft.objects.get()

    starting.finish(draft, GUIDE, now=past.now, by=person)
    with pytest.raises(BusyError):
        starting.finish(twice, GUIDE, now=past.now, by=person)

    assert GuideRun.objects.filter(company=past.company).count() == 1


def test_of_two_people_who_set_up_one_company_the_second_is_told(past: Past) -> None:
    person = make_user(Role.ADMINISTRATOR)
    draft = drafts.find_or_new(person, GUIDE, None, now=past.now)
    draft.answers = {"company": {"business_central_id": str(past.company.business_central_id)}}
    draft.save()

    with pytest.raises(BusyError, match="set up by somebody else"):
        starting.finish(draft, GUIDE, now=past.now, by=person)

    assert GuideDraft.objects.exists()
    assert not GuideRun.objects.exists()


def test_two_first_clicks_keep_one_draft(db: None) -> None:
    person, now = make_user(Role.ADMINISTRATOR), timezone.now()
    both = [drafts.find_or_new(person, GUIDE, None, now=now) for _ in range(2)]
    told: dict[str, Any] = {"secrets": {}, "told": {}, "is_done": True, "now": now}

    for draft in both:
        drafts.answer(draft, GUIDE, "enable", answers={"data_synchronization": "on"}, **told)

    assert GuideDraft.objects.get().done == ["enable"]


def test_a_guide_or_step_that_there_is_not_is_not_found(db: None, admin: Client) -> None:
    assert admin.get("/assisted-setup/mappings/").status_code == 404
    assert admin.get(f"{ROOT}/nowhere/").status_code == 404


def test_consent_is_noted_with_the_version_of_its_text(db: None, admin: Client) -> None:
    save(admin, "consent", accepted="on")

    noted = AuditEntry.objects.get(object_kind="consent")
    assert noted.user_name == "administrator"
    assert noted.after == {"accepted": "2026-11"}


# What is set up already


def test_a_guide_to_what_is_in_use_says_what_has_to_be_disabled(
    past: Past, admin: Client
) -> None:  # E-9.7
    page = admin.get(f"{ROOT}/").content.decode()
    answer = save(admin, "ownership", ownership_model="Team")

    assert "E-SALES-ON" in page
    assert answer["Location"] == f"{ROOT}/"
    assert not GuideDraft.objects.exists()


def test_sales_asks_for_dataverse_first(past: Past, admin: Client) -> None:
    disabled(past)

    assert "E-NEED-DATAVERSE" in admin.get("/assisted-setup/sales/").content.decode()


def test_a_guide_begins_with_the_present_values_and_names_customised_mappings(
    past: Past, admin: Client
) -> None:
    past.mappings()
    disabled(past)
    IntegrationTableMapping.objects.filter(name="VENDOR").update(guard_percent=99)

    registration = admin.get(f"{ROOT}/registration/").content.decode()
    company = admin.get(f"{ROOT}/company/")
    defaults = admin.get(f"{ROOT}/defaults/").content.decode()

    assert "cronus.example" in registration
    assert company["Location"] == f"{ROOT}/"  # it does not apply
    assert 'value="VENDOR"' in defaults
    assert 'value="CUSTOMER"' not in defaults


def test_answering_changes_nothing_that_is_live(past: Past, admin: Client) -> None:  # C-0203
    past.mappings()
    disabled(past)
    before = _live()

    save(admin, "enable", data_synchronization="on")
    save(admin, "consent", accepted="on")
    save(admin, "registration", **{**REGISTRATION, "tenant": "other.example"})
    save(admin, "ownership", "back", ownership_model="Team")
    admin.get(f"{ROOT}/review/")

    assert GuideDraft.objects.get().answers["registration"]["tenant"] == "other.example"
    assert _live() == before


def _live() -> list[Any]:
    models = (
        Company,
        DataverseConnectionSetup,
        SalesConnectionSetup,
        IntegrationTableMapping,
        JobQueueEntry,
    )
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def test_the_list_says_who_went_through_a_guide(past: Past, admin: Client) -> None:
    past.guide()

    page = admin.get("/assisted-setup/").content.decode()

    assert "Completed" in page
    assert "Set up the Dynamics 365 Sales Connection" in page


def test_an_unconnected_console_leads_to_the_guides(db: None, admin: Client) -> None:
    assert 'href="/assisted-setup/dataverse/"' in admin.get("/").content.decode()


def test_a_set_up_page_without_a_company_says_where_to_begin(db: None, admin: Client) -> None:
    answer = admin.get("/connections/sales/", follow=True)

    assert answer.redirect_chain == [("/connections/business-central/", 302)]
    assert "comes after Business Central" in answer.content.decode()
