"""The guide *Set up a connection to Microsoft Dataverse* (P03)."""

from __future__ import annotations

from connections import integration_user
from connections.terms import OwnershipModel
from integration_admin.guides import dataverse_steps as steps
from integration_admin.guides import deeds, rows, sign_in_steps
from integration_admin.guides import first_synchronization as first
from integration_admin.guides.finishing import Deed, Plan
from integration_admin.guides.guide import REVIEW, Guide, Situation, Step

KEY = "dataverse"


def _in_the_way(situation: Situation) -> tuple[str, str]:
    """E-9.7: what is in use is disabled first."""
    sales, dataverse = situation.sales, situation.dataverse
    if sales is not None and sales.is_enabled:
        sentence = "Dynamics 365 Sales uses this connection. Disable the Sales connection first."
        return sentence, "E-SALES-ON"
    if dataverse is not None and dataverse.is_enabled:
        sentence = "The connection is enabled, and what is in use is not changed. Disable it first."
        return sentence, "E-ENABLED"
    return "", ""


def _consent_is_given(situation: Situation) -> str:
    is_given = situation.dataverse is not None and situation.dataverse.consent_version
    return "It was given before." if is_given else ""


def _no_user(situation: Situation) -> str:
    if not integration_user.signs_in_as_application(rows.dataverse(situation)):
        return ""
    return "The application of the registration is the integration user."


def _business_central_is_there(situation: Situation) -> str:
    return f"{situation.company} is connected already." if situation.business_central else ""


def _company_is_there(situation: Situation) -> str:
    return f"It is {situation.company}" if situation.company else ""


def is_person(situation: Situation) -> bool:
    """Whether users own what their salespeople sell."""
    chosen = situation.answer("ownership", "ownership_model", OwnershipModel.PERSON)
    return chosen == OwnershipModel.PERSON


def _team_owns(situation: Situation) -> str:
    return "" if is_person(situation) else "Under the ownership model Team the team owns records."


def nothing_customised(situation: Situation) -> str:
    """Leave out the question which mappings stay as they are."""
    return "" if situation.customised else "No mapping differs from the defaults."


GUIDE = Guide(
    KEY,
    "Set up a connection to Microsoft Dataverse",
    "Connections",
    "Connects Business Central with an environment of Dataverse: companies, contacts, users, "
    "currencies and terms are kept in step. Nothing changes before you choose Finish.",
    (
        Step("enable", "What to enable", steps.EnableForm),
        Step("consent", "Consent", steps.ConsentForm, _consent_is_given),
        Step(rows.REGISTRATION, "Sign-in and app registration", sign_in_steps.RegistrationForm),
        Step(rows.USER, "Integration user", sign_in_steps.IntegrationUserForm, _no_user),
        Step(
            rows.BUSINESS_CENTRAL,
            "Business Central",
            sign_in_steps.business_central,
            _business_central_is_there,
            (rows.REGISTRATION, rows.USER),
        ),
        Step("company", "Company", steps.CompanyForm, _company_is_there, ("business_central",)),
        Step(
            "environment",
            "Environment and administrator",
            sign_in_steps.environment,
            rests_on=(rows.REGISTRATION, rows.USER),
        ),
        Step(
            "ownership",
            "Ownership model",
            steps.OwnershipForm,
            rests_on=("company", "environment"),
        ),
        Step(
            "salespeople", "Couple salespeople", steps.SalespeopleForm, _team_owns, ("ownership",)
        ),
        Step("defaults", "Default mappings", steps.DefaultsForm, nothing_customised),
        Step(
            first.FIRST,
            "First synchronization",
            first.FirstOfDataverseForm,
            rests_on=("company", "environment", "ownership", "defaults"),
        ),
        Step(
            first.REVIEWED,
            first.TITLE,
            first.FullSynchReviewForm,
            first.nothing_to_review,
            (first.FIRST,),
        ),
        Step(REVIEW, "Review and finish", steps.ReviewForm),
    ),
    _in_the_way,
    lambda situation: situation.dataverse is not None and situation.dataverse.is_enabled,
    "dataverse_setup",
    (
        (
            "An app registration of its own for the integration",
            "From Entra ID, with a client secret or certificate and the permissions "
            "Financials.ReadWrite.All and user_impersonation. Business Central knows it. Its user "
            "in Dataverse is created if there is none, and must not be System Administrator.",
        ),
        (
            "The address of Business Central up to the environment",
            "https://api.businesscentral.dynamics.com/v2.0/<tenant>/<environment>",
        ),
        ("The URL of the Dataverse environment", "From the Power Platform admin center."),
        (
            "A System Administrator of that environment, for the import only",
            "An application with a secret or certificate, or a user.",
        ),
    ),
)


def _deeds(situation: Situation) -> tuple[Deed, ...]:
    """C-0309: what Finish does, in order."""
    found = [
        Deed("Save the set-ups", deeds.save_connections),
        Deed("Find or create the integration user", deeds.ensure_user),
        Deed("Prepare business unit and owning team", deeds.prepare_team),
        Deed("Import the solution and give its roles", deeds.import_solution),
        Deed("Check and enable, with default mappings and jobs", deeds.enable_dataverse),
    ]
    if "defaults" in situation.answers:
        found.append(Deed("Apply the default mappings", deeds.apply_defaults))
    if is_person(situation) and situation.chosen("salespeople", "couple"):
        found.append(Deed("Couple salespeople", deeds.couple_salespeople))
    if first.is_wanted(situation):
        found.append(Deed("First synchronization", deeds.synchronize_first))
    return tuple(found)


PLAN = Plan(_deeds, lambda situation: deeds.administrator(situation, "environment"))
