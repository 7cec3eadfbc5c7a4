"""What the runs of both guides do: save, prepare, import, enable, synchronize."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Sum

from connections import company_row, consent, integration_user, setup, setup_edits
from connections.authentication import NEEDED
from connections.causes import Cause
from connections.dataverse import Dataverse
from connections.errors import ConfigurationError, TransientError
from connections.models import (
    BusinessCentralConnection,
    Company,
    DataverseConnectionSetup,
    DeploymentIdentity,
)
from connections.terms import AuthenticationType, OwnershipModel, RedeployResult
from integration_admin import enabling, preconditions
from integration_admin.guides import first_synchronization as first
from integration_admin.guides import owning_team, rows
from integration_admin.guides.finishing import Finishing, as_administrator, forgotten
from integration_admin.guides.guide import Situation
from mappings import customised, defaults, roster, salespeople
from mappings.pairing import Systems
from syncjobs import activation, clock, full_synch_review, leases, pausing, redeploying
from syncjobs.full_synch_review import Treatment
from syncjobs.leases import BusyError
from syncjobs.models import SynchJob
from syncjobs.runs.phases import lease_name
from syncjobs.runs.synchronize import OF_ONE_MAPPING, run_order

QUIET = timedelta(minutes=5)  # for other runs to end
LOOK = 0.5  # seconds between two looks


# Saving


def save_row(row: models.Model, names: Collection[str], by: Any) -> bool:
    """Save a row of the set-ups with its trace; True if that changed something."""
    stored = type(row)._default_manager.filter(pk=row.pk) if row.pk else []
    read = setup_edits.seen(list(stored), names)
    return bool(setup_edits.save([row], names, read=read, by=by))


def save_connections(here: Finishing) -> str:
    """Save what was answered; nothing is enabled yet."""
    situation = here.situation
    saved: list[str] = []
    with transaction.atomic():
        if situation.business_central is None:
            row: Any = rows.business_central(situation)
            row.company = here.company
            _check_secret(row)
            if save_row(row, (*rows.SIGN_IN, *rows.PLACE), here.by):
                saved.append(str(BusinessCentralConnection._meta.verbose_name))
        dataverse = rows.dataverse(situation)
        dataverse.company = here.company
        _check_secret(dataverse)
        names = ("server_address", "web_client_url", "sdk_version", "ownership_model")
        if save_row(dataverse, (*rows.SIGN_IN, *names, "business_unit_id"), here.by):
            saved.append(str(DataverseConnectionSetup._meta.verbose_name))
        consent.keep(here.company)  # accepted in the guide, and noted there
        if save_identity(here, "environment"):
            saved.append(str(DeploymentIdentity._meta.verbose_name))
    return f"Saved: {', '.join(saved)}." if saved else "Everything was saved already."


def _check_secret(row: Any) -> None:
    for name in NEEDED[AuthenticationType(row.authentication_type)]:
        if not getattr(row, name):
            message = (
                f"The {row._meta.verbose_name} lacks {row._meta.get_field(name).verbose_name}: "
                "secrets are kept for an hour only. Go through the guide again and enter it."
            )
            raise ConfigurationError(message, cause=Cause.NOT_CONFIGURED)


def save_identity(here: Finishing, step: str) -> bool:
    """Keep the administrator as deployment identity, if that was ticked (C-0702)."""
    if not here.situation.is_on(step, "keep"):
        return False
    row = rows.administrator(here.situation, step)
    row.company = here.company
    return save_row(row, rows.SIGN_IN, here.by)


def administrator(situation: Situation, step: str) -> DeploymentIdentity:
    """Return who imports; a secret that was forgotten meanwhile is said."""
    row = rows.administrator(situation, step)
    kind = AuthenticationType(row.authentication_type)
    if not all(getattr(row, name) for name in NEEDED[kind]):
        raise forgotten()
    return row


# Integration user, business unit and team


def ensure_user(here: Finishing) -> str:
    """E-9.12: make the application's user, or set the given user apart for the integration."""
    with as_administrator(here) as client:
        return integration_user.ensure(client, setup.dataverse_setup(here.company))


def prepare_team(here: Finishing) -> str:
    """E-9.13: for the model Team make what is missing; else the team of the company's row owns.

    The team itself is noted when the connection is enabled, which lets the row name it.
    """
    row, made = setup.dataverse_setup(here.company), ""
    row.business_unit_id, row.owning_team_id = None, None
    chosen = here.situation.answer("ownership", "business_unit")
    with as_administrator(here) as client:
        if row.ownership_model == OwnershipModel.TEAM:
            owning = owning_team.ensure(client, here.company, UUID(chosen) if chosen else None)
            row.business_unit_id, made = owning.unit, " and ".join(owning.made)
        unit = company_row.standing(here.company, row, Dataverse(client)).owner.unit
    row.business_unit_name = str(unit.values["name"])[:160]
    save_row(row, ("business_unit_id", "business_unit_name", "owning_team_id"), here.by)
    return f"Made {made}." if made else f"The team of {row.business_unit_name} is there."


# The solution


def import_solution(here: Finishing) -> str:
    """Import the solution if that is needed, and give the roles: a redeploy within the run."""
    record = redeploying.run(here.company, here.administrator(), progress=here.progress)
    sentences = [sentence for _, sentence, _ in record.problems]
    if record.result == RedeployResult.ROLES_INCOMPLETE:
        message = f"The solution is in place, but roles are incomplete. {' '.join(sentences)}"
        raise ConfigurationError(message, cause=Cause.ROLES)
    for sentence in sentences:
        here.warn(sentence)
    return f"{record.solution} {record.to_version}: {record.get_result_display()}."


# Enabling


def enable_dataverse(here: Finishing) -> str:
    """Run all checks, then enable with the default mappings and their job queue entries."""
    outcome = enabling.enable_dataverse(here.fresh(), now=clock.now(), by=here.by)
    return enabled(here, outcome, "Dataverse")


def enabled(here: Finishing, outcome: enabling.Outcome, what: str) -> str:
    """Say what enabling led to; what is in the way stops the run."""
    if outcome.in_the_way:
        raise enabling.refusal(outcome.in_the_way)
    for finding in outcome.findings:
        if finding.code in preconditions.SAID_ONLY:
            here.warn(f"{finding.sentence} {finding.cure}".strip())
    return f"{what} is enabled. {outcome.mappings}; {outcome.jobs} job queue entries created."


def apply_defaults(here: Finishing) -> str:
    """E-9.42: connecting again applies the defaults, but to mappings that are to be kept."""
    company = here.fresh()
    keep = here.situation.chosen("defaults", "keep")
    names = [name for name in customised.customised(company) if name not in keep]
    summary = customised.use_defaults(company, names, by=here.by)
    activation.create_default_entries(company, now=clock.now())
    return f"{summary}."


# Salespeople


def couple_salespeople(here: Finishing) -> str:
    """Couple the pairs that were accepted, before records look for their owners (C-0307)."""
    company = here.fresh()
    mapping = roster.mapping_of(company)
    if mapping is None:
        return "There is no mapping of salespeople; nobody was coupled."
    _pause_others(here, company)
    codes = {pair["user"]: pair["code"] for pair in here.situation.told.get("pairs", ())}
    accepted = here.situation.chosen("salespeople", "couple")
    choices = {UUID(user): codes[user] for user in accepted if user in codes}
    with leases.hold(lease_name(mapping), leases.me()):
        both = setup.systems_of(company, check=here.progress.check)
        systems = Systems(both.business_central, both.dataverse)
        outcome = salespeople.couple(mapping, choices, systems, by=here.by)
    for sentence in outcome.failures.values():
        here.warn(sentence)
    return outcome.sentence("salespeople coupled")


# The first synchronization


def synchronize_first(here: Finishing) -> str:
    """Do with each mapping what the review says, while its scheduled jobs wait."""
    company = here.fresh()
    _pause_others(here, company)
    chosen = {line.name: treatment for line, treatment in first.chosen_of(here.situation)}
    todo = {name: chosen.get(name, Treatment.FULL) for name in _of_what_is_enabled(company)}
    taken = [name for name, treatment in todo.items() if treatment != Treatment.NOTHING]
    for name in taken:
        _synchronize(here, company, name, todo[name])
    sums = SynchJob.objects.filter(run_id=here.progress.run_id).aggregate(
        failed=Sum("failed"), inserted=Sum("inserted"), coupled=Sum("coupled")
    )
    if sums["failed"]:
        here.warn(f"{sums['failed']} records failed at first. The synch. jobs of the run say why.")
    counted = f"{sums['coupled'] or 0} records coupled, {sums['inserted'] or 0} made"
    left_out = f"; {len(todo) - len(taken)} left out" if len(taken) < len(todo) else ""
    return f"{len(taken)} mappings: {counted}{left_out}."


def _pause_others(here: Finishing, company: Company) -> None:
    """Let scheduled jobs wait; how they were is kept first, so that nobody forgets them."""
    record = here.record
    known = [item["entry"] for item in record.paused]
    found = pausing.find(company, spare="", known=known)
    record.paused = [*record.paused, *found]
    record.save(update_fields=["paused"])
    pausing.pause(found)
    ends = clock.now() + QUIET
    run = here.progress.run_id
    while not pausing.is_quiet(company, apart_from=run, now=clock.now()):
        here.progress.check()
        if clock.now() >= ends:
            message = "Another run of this company does not end. Retry when it has."
            raise TransientError(message, cause=Cause.TIME_OUT)
        time.sleep(LOOK)


def _of_what_is_enabled(company: Company) -> list[str]:
    """Return the mappings in their order; those of Sales only where Sales takes part."""
    if setup.has_sales(company):
        return run_order(company)
    return [name for name in run_order(company) if name not in defaults.of_sales()]


def _synchronize(here: Finishing, company: Company, name: str, treatment: Treatment) -> None:
    try:
        full_synch_review.carry_out(company, name, treatment, progress=here.progress)
    except BusyError as error:
        here.warn(error.message)
    except ConfigurationError as error:
        if error.cause not in OF_ONE_MAPPING:
            raise
        here.warn(f"{name}: {error.message}")
