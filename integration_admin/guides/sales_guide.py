"""The guide *Set up the Dynamics 365 Sales Connection* (P04)."""

from __future__ import annotations

from connections import integration_user
from connections.models import SignIn
from connections.terms import SalesOrderModel
from integration_admin.guides import dataverse_steps, deeds, rows, sales_deeds, sign_in_steps
from integration_admin.guides import first_synchronization as first
from integration_admin.guides import sales_steps as steps
from integration_admin.guides.dataverse_guide import nothing_customised
from integration_admin.guides.finishing import Deed, Plan
from integration_admin.guides.guide import REVIEW, Guide, Situation, Step

KEY = "sales"
ADVANCED, ADMINISTRATOR = "advanced", "administrator"


def _in_the_way(situation: Situation) -> tuple[str, str]:
    """E-9.21: Sales is reached through Dataverse."""
    if situation.dataverse is None or not situation.dataverse.is_enabled:
        return "Connect to Dataverse first: Sales is reached through it.", "E-NEED-DATAVERSE"
    return "", ""


def _no_user(situation: Situation) -> str:
    row = situation.dataverse
    if row is None or integration_user.signs_in_as_application(row):
        return "It signs in as the Dataverse connection does, without a user name."
    return ""


def imports(situation: Situation) -> bool:
    """Whether the solution is imported; what is there and whole stays."""
    return situation.is_on(ADVANCED, "import_solution", standard=True) and not (
        steps.is_installed(situation)
    )


def switches_orders_on(situation: Situation) -> bool:
    """Whether the sales order integration is switched on by this guide."""
    is_on = rows.sales(situation).sales_order_model == SalesOrderModel.ORDER_INTEGRATION
    return situation.is_on(ADVANCED, "order_integration") and not is_on


def needs_administrator(situation: Situation) -> bool:
    """Whether somebody signs in as an administrator at Finish."""
    return imports(situation) or switches_orders_on(situation)


def _no_administrator(situation: Situation) -> str:
    if not needs_administrator(situation):
        return "Nothing is imported, and sales order integration stays as it is."
    if situation.identity is not None:
        return "The deployment identity signs in."
    return ""


GUIDE = Guide(
    KEY,
    "Set up the Dynamics 365 Sales Connection",
    "Connections",
    "Lets Dynamics 365 Sales take part: products, prices, opportunities and, if you choose so, "
    "orders. It uses the connection to Dataverse. Nothing changes before you choose Finish.",
    (
        Step("address", "Address", steps.AddressForm),
        Step("integration_user", "Integration user", steps.UserForm, _no_user),
        Step(ADVANCED, "Settings", steps.AdvancedForm, rests_on=("address",)),
        Step(
            ADMINISTRATOR,
            "Administrator",
            sign_in_steps.AdministratorForm,
            _no_administrator,
        ),
        Step("defaults", "Default mappings", dataverse_steps.DefaultsForm, nothing_customised),
        Step(
            first.FIRST,
            "First synchronization",
            first.FirstOfSalesForm,
            rests_on=("address", ADVANCED, "defaults"),
        ),
        Step(
            first.REVIEWED,
            first.TITLE,
            first.FullSynchReviewForm,
            first.nothing_to_review,
            (first.FIRST,),
        ),
        Step(REVIEW, "Review and finish", dataverse_steps.ReviewForm),
    ),
    _in_the_way,
    lambda situation: situation.sales is not None and situation.sales.is_enabled,
    "sales_setup",
)


def _deeds(situation: Situation) -> tuple[Deed, ...]:
    """E-9.53: import, save, enable, orders, the web service."""
    found = [Deed("Save the set-up", sales_deeds.save_sales)]
    if situation.is_on(ADVANCED, "import_solution"):
        found.append(Deed("Import the solution and give its roles", deeds.import_solution))
    if situation.is_on(ADVANCED, "enable", standard=True):
        found.append(Deed("Check and enable, with default mappings and jobs", sales_deeds.enable))
    if "defaults" in situation.answers:
        found.append(Deed("Apply the default mappings", deeds.apply_defaults))
    if situation.is_on(ADVANCED, "order_integration"):
        title = "Switch the sales order integration on"
        found.append(Deed(title, sales_deeds.switch_orders_on))
    if situation.is_on(ADVANCED, "publish"):
        found.append(Deed("Publish the item availability web service", sales_deeds.publish))
    if first.is_wanted(situation):
        found.append(Deed("First synchronization", deeds.synchronize_first))
    return tuple(found)


def _administrator(situation: Situation) -> SignIn:
    return deeds.administrator(situation, ADMINISTRATOR)


PLAN = Plan(_deeds, _administrator)
