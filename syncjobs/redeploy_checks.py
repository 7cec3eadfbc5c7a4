"""Whether a redeploy was left unfinished, so that job queue entries still wait for it."""

from __future__ import annotations

from connections.catalogue import CATALOGUE
from connections.causes import Cause
from connections.health import Finding, State
from connections.models import Company, Redeployment
from connections.systems import Side
from syncjobs.redeploying import is_unfinished

NAME = "Redeploy"


def check_redeploys(company: Company) -> list[Finding]:
    """Look at the last redeploy, if there was one."""
    last = Redeployment.objects.filter(company=company).first()
    if last is None:
        return []
    if not is_unfinished(last):
        told = f"The last redeploy: {last.get_result_display()}."
        return [Finding(Side.DATAVERSE, NAME, State.HEALTHY, told)]
    sentence = (
        f"The redeploy of {last.started_at:%Y-%m-%d %H:%M} did not end; "
        f"{len(last.paused)} job queue entries wait for it."
    )
    cause = Cause.UNFINISHED
    advice = CATALOGUE[cause].advice
    return [Finding(Side.DATAVERSE, NAME, State.WRONG, sentence, advice, cause, (NAME,))]
