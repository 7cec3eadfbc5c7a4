"""What only the run of the Sales guide does: save, enable, publish."""

from __future__ import annotations

from connections import item_availability, setup
from connections.models import SalesConnectionSetup
from integration_admin import enabling
from integration_admin.guides import deeds, rows
from integration_admin.guides.finishing import Finishing, forgotten
from integration_admin.guides.sales_steps import AdvancedForm, access_key
from syncjobs import clock


def save_sales(here: Finishing) -> str:
    """Save the address, which is that of Dataverse, and who imports if that is to be kept."""
    row = rows.sales(here.situation)
    row.company = here.company
    dataverse = setup.dataverse_setup(here.company)
    row.server_address = row.server_address or dataverse.server_address
    saved = [deeds.save_row(row, ("server_address",), here.by)]
    saved.append(deeds.save_identity(here, "administrator"))
    if sdk := here.situation.answer(AdvancedForm.key, "sdk_version"):
        dataverse.sdk_version = sdk
        saved.append(deeds.save_row(dataverse, ("sdk_version",), here.by))
    return "Saved." if any(saved) else "Everything was saved already."


def enable(here: Finishing) -> str:
    """Run all checks, then let Sales take part (E-9.23)."""
    outcome = enabling.enable_sales(here.fresh(), now=clock.now(), by=here.by)
    return deeds.enabled(here, outcome, "Dynamics 365 Sales")


def switch_orders_on(here: Finishing) -> str:
    """Set the switch in Sales as the administrator, then make its mappings and jobs (E-9.52)."""
    switched, summary, _ = enabling.switch_orders(
        here.fresh(), on=True, sign_in=here.administrator(), now=clock.now(), by=here.by
    )
    return f"{switched.sentence} {summary}."


def publish(here: Finishing) -> str:
    """Give Sales the service with URL, user and key (C-0405 to C-0408)."""
    key = access_key(here.situation)
    if not key:
        what = "The web service access key"
        raise forgotten(what)
    row = SalesConnectionSetup.objects.get(company=here.company)
    trial = item_availability.publish(
        here.company,
        user_name=here.situation.answer(AdvancedForm.key, "odata_user_name"),
        access_key=key,
        url=here.situation.answer(AdvancedForm.key, "odata_url") or row.odata_url,
        now=clock.now(),
        by=here.by,
    )
    return trial.sentence
