"""Sets up the demo: tables, sign-in, connection with the sandbox, first synchronization."""

from __future__ import annotations

import secrets
from io import StringIO
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand

from connections.models import Company
from integration_admin.demo import SignIn
from syncjobs import clock, queue
from syncjobs.models import Run
from syncjobs.terms import Trigger

ADMINISTRATOR = "admin"
FIRST_JOB = "synchronize_all"


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Set up what `make demo` shows; what is there already stays as it is."

    def handle(self, *_args: Any, **_options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        _sign_in(SignIn(settings.VAR_DIR))
        report = StringIO()
        # What a person chose since the first start stays chosen.
        chosen = [] if Company.objects.exists() else ["--sales"]
        call_command("configure", "--sandbox", *chosen, stdout=report)  # what fails is raised
        self.stdout.write(report.getvalue().splitlines()[-1])
        for company in Company.objects.all():
            _synchronize_first(company)


def _sign_in(kept: SignIn) -> None:
    """Make the first person, or forget a password that was changed since."""
    known = kept.read()
    person = User.objects.filter(username=ADMINISTRATOR).first()
    if person is None:
        password = secrets.token_urlsafe(12)
        User.objects.create_superuser(ADMINISTRATOR, password=password)
        kept.write(ADMINISTRATOR, password)
    elif known is not None and not person.check_password(known[1]):
        kept.path.unlink()


def _synchronize_first(company: Company) -> None:
    if Run.objects.filter(company=company, job=FIRST_JOB).exists():
        return
    queue.enqueue(
        company,
        FIRST_JOB,
        description="First full synchronization",
        parameters={"mode": "full"},
        now=clock.now(),
        trigger=Trigger.COMMAND,
    )
