"""WinOpportunity and LoseOpportunity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.dataverse import refusals
from sandbox.dataverse.opportunities import LOST, MESSAGES, OPEN, WON
from sandbox.dataverse.values import states_of
from sandbox.dataverse.writing import Reference, Writer
from sandbox.http import WRITE, Call, Reply
from sandbox.store import DATAVERSE, Row

if TYPE_CHECKING:
    from sandbox.dataverse.service import Dataverse

BIND = "opportunityid@odata.bind"
TOLD = frozenset({"subject", "description", "actualend", "actualrevenue", "competitorid", BIND})
USUAL_REASON = -1


def win(environment: Dataverse, call: Call, _text: str, writer: Writer) -> Reply:
    return _close(environment, call, writer, WON)


def lose(environment: Dataverse, call: Call, _text: str, writer: Writer) -> Reply:
    return _close(environment, call, writer, LOST)


def _close(environment: Dataverse, call: Call, writer: Writer, state: int) -> Reply:
    """Close the opportunity that the body names, and note when and for how much."""
    if call.method != "POST":
        raise refusals.method(call.method, MESSAGES[state])
    reference, told, reason = _parameters(call, writer, state)
    row = writer.existing(reference)
    if row["statecode"] != OPEN:
        raise refusals.RefusalError(400, "0x80040515", "The opportunity is already closed.")
    end = str(told.get("actualend") or environment.store.now(DATAVERSE).date())
    values: Row = {"statecode": state, "statuscode": reason, "actualclosedate": end[:10]}
    revenue = told.get("actualrevenue", row["estimatedvalue"] if state == WON else 0)
    writer.rules.catalogue.closes_opportunity = True
    try:
        with environment.atomic():
            writer.update(reference.table, row, values | {"actualvalue": revenue})
    finally:
        writer.rules.catalogue.closes_opportunity = False
    return Reply(204, work=WRITE)


def _parameters(call: Call, writer: Writer, state: int) -> tuple[Reference, dict[str, Any], int]:
    body = call.json()
    told = body.get("OpportunityClose") if isinstance(body, dict) else None
    reason = body.get("Status") if isinstance(body, dict) else None
    if not isinstance(told, dict) or not isinstance(told.get(BIND), str):
        raise refusals.plugin("Required field 'OpportunityClose' is missing")
    if isinstance(reason, bool) or not isinstance(reason, int):
        raise refusals.plugin("Required field 'Status' is missing")
    unknown = [name for name in told if name not in TOLD and not name.startswith("@odata.")]
    if unknown:
        text = f"Invalid property '{unknown[0]}' was found in entity 'opportunityclose'."
        raise refusals.payload("opportunitycloses", text)
    reference = writer.parse(told[BIND])
    if reference.table.name != "opportunity":
        raise refusals.RefusalError(400, "0x80043b15", "The opportunity id is missing or invalid.")
    reasons = states_of("opportunity")[state]
    if reason == USUAL_REASON:
        reason = reasons[0]
    if reason not in reasons:
        raise refusals.wrong_status(str(reason))
    return reference, told, reason
