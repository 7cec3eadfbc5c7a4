"""What the commands on mappings and couplings have in common: the company, ids, and the ending."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from connections.errors import IntegrationError, TransientError
from connections.models import Company
from integration_admin.refusing import told
from mappings.pairing import CouplingError
from syncjobs.leases import BusyError, StaleWorkerError
from syncjobs.progress import CancelledError
from syncjobs.runs.report import COUNTERS, WAYS, Report
from syncjobs.runs.synchronize import Systems, systems_of
from syncjobs.terms import Action

AGAIN = "Start the command again when that has passed; it goes on where it stopped."
DONE, WITH_FAILURES, COULD_NOT_RUN = 0, 1, 2
SHOWN = 20  # errors on a screen; --json has them all


class MappingCommand(BaseCommand):
    """A command that works on the mappings of one company.

    `systems` may be handed in; otherwise they are those of the company's connection set-ups.
    """

    requires_system_checks = ()
    systems: Systems | None = None

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", help="name of the company, where there are several")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    def reach(self, company: Company) -> Systems:
        """Return both systems; refuse with what to do if they are not set up."""
        with refusing():
            return self.systems or systems_of(company)

    def show(self, reports: Sequence[Report], *, as_json: bool, as_list: bool) -> None:
        """Print what was counted."""
        if as_json:
            content = [report.as_json() for report in reports]
            self.stdout.write(json.dumps(content if as_list else content[0], indent=2))
            return
        for report in reports:
            self._show(report)

    def _show(self, report: Report) -> None:
        way = "would be " if report.dry_run else ""
        for job in report.jobs:
            counted = [f"{a.value} {job.count(a)}" for a in COUNTERS if job.count(a)]
            told = f"{way}{', '.join(counted)}" if counted else "nothing to do"
            self.stdout.write(f"{report.mapping}, {WAYS[job.direction]}: {told}")
            if job.message:
                self.stdout.write(f"  {job.message}")
            for problem in job.errors[:SHOWN]:
                subject = problem.name or problem.bc_id or problem.dataverse_id or "-"
                self.stdout.write(f"  {problem.cause} {subject}: {problem.message}")
            if len(job.errors) > SHOWN:
                self.stdout.write(f"  … and {len(job.errors) - SHOWN} more (--json shows all)")


def company_of(name: str | None) -> Company:
    """Return the company of a name; the only one if none is named."""
    companies = list(Company.objects.order_by("name"))
    if name is not None:
        found = [c for c in companies if name.casefold() in (c.name.casefold(), str(c).casefold())]
        if len(found) == 1:
            return found[0]
    elif len(companies) == 1:
        return companies[0]
    if not companies:
        message = "No company is set up. Connect one first: manage.py configure."
    else:
        names = ", ".join(company.name for company in companies)
        problem = f"There is no company {name}." if name else "There are several companies."
        message = f"{problem} Name one with --company: {names}."
    raise CommandError(message, returncode=COULD_NOT_RUN)


def ids_of(texts: Sequence[str]) -> tuple[UUID, ...]:
    """Return the ids a person typed."""
    ids = []
    for text in texts:
        try:
            ids.append(UUID(text))
        except ValueError as error:
            message = f"{text} is no id. Copy the id from the record's page or from --json."
            raise CommandError(message, returncode=COULD_NOT_RUN) from error
    return tuple(ids)


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what a person can settle into one line and exit status 2."""
    try:
        yield
    except IntegrationError as error:
        raise CommandError(told_in_a_line(error), returncode=COULD_NOT_RUN) from error
    except BusyError as error:
        raise CommandError(error.message, returncode=COULD_NOT_RUN) from error
    except CouplingError as error:
        raise CommandError(str(error), returncode=COULD_NOT_RUN) from error
    except (CancelledError, StaleWorkerError) as error:
        message = f"{error} Start the run again when you like; it goes on where it stopped."
        raise CommandError(message, returncode=COULD_NOT_RUN) from error


def told_in_a_line(error: IntegrationError) -> str:
    """Say what is wrong and what to do; nobody but the person at the keyboard tries again."""
    if isinstance(error, TransientError):
        return f"{error.message} {AGAIN} ({error.cause})"
    return told(error)


def finish(reports: Sequence[Report], problems: Sequence[str] = ()) -> None:
    """End the command with the exit status that the reports deserve."""
    if problems:
        raise CommandError(" ".join(problems), returncode=COULD_NOT_RUN)
    if any(report.count(Action.FAILED) for report in reports):
        sys.exit(WITH_FAILURES)
