"""Whether both sides agree on the sales order integration (C-0640)."""

from __future__ import annotations

from connections import setup
from connections.catalogue import CATALOGUE
from connections.causes import Cause
from connections.checks import IMPATIENT
from connections.errors import IntegrationError
from connections.health import Finding, State, refused
from connections.models import Company, SalesConnectionSetup
from connections.order_integration import is_on_in_sales
from connections.systems import Side
from connections.terms import SalesOrderModel

NAME = "Sales order integration"


def check_order_switch(company: Company) -> list[Finding]:
    """Compare the switch of the organization in Sales with what the set-up says."""
    row = SalesConnectionSetup.objects.filter(company=company, is_enabled=True).first()
    if row is None:
        return []
    client = setup.dataverse_of(setup.dataverse_setup(company), timing=IMPATIENT).client
    try:
        there = is_on_in_sales(client)
    except IntegrationError as error:
        return [refused(NAME, error)]
    here = row.sales_order_model == SalesOrderModel.ORDER_INTEGRATION
    if here == there:
        word = "on" if there else "off"
        return [Finding(Side.DATAVERSE, NAME, State.HEALTHY, f"It is {word} on both sides.")]
    cause = Cause.ORDER_INTEGRATION
    advice = CATALOGUE[cause].advice
    if there:
        sentence = "It is on in Sales and off here: submitted orders are not taken over."
        return [Finding(Side.DATAVERSE, NAME, State.ATTENTION, sentence, advice, cause)]
    sentence = "It is on here and off in Sales: orders cannot be submitted there."
    return [Finding(Side.DATAVERSE, NAME, State.WRONG, sentence, advice, cause, (NAME,))]
