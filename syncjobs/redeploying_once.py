"""A redeploy by somebody who signs in for it and is not stored: it runs in this process."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from threading import Thread

from django.contrib.auth.models import AbstractBaseUser
from django.db import connections

from connections.errors import IntegrationError
from connections.models import Company, SignIn
from syncjobs.leases import BusyError
from syncjobs.progress import CancelledError, in_foreground
from syncjobs.redeploying import DESCRIPTION, JOB, check_idle, run
from syncjobs.terms import Trigger


def start_once(
    company: Company,
    identity: SignIn,
    *,
    user: AbstractBaseUser | None = None,
    force: bool = False,
    roles_only: bool = False,
) -> int:
    """Redeploy as somebody who is not stored (C-0702); return the number of the run.

    It runs in a thread of this process, since a worker would have to be sent the secret. If the
    process ends meanwhile, the next redeploy goes on where this one stopped.
    """
    check_idle(company)
    begun: Future[int] = Future()

    def work() -> None:
        try:
            # How it ended stands on the run and on the redeploy.
            with (
                suppress(IntegrationError, CancelledError, BusyError),
                in_foreground(
                    company, job=JOB, description=DESCRIPTION, trigger=Trigger.PERSON, user=user
                ) as progress,
            ):
                begun.set_result(progress.run_id)
                run(company, identity, progress=progress, force=force, roles_only=roles_only)
        except BaseException as error:
            if not begun.done():
                begun.set_exception(error)  # whoever waits for the number hears why there is none
            raise
        finally:
            connections.close_all()

    scene = copy_context()
    Thread(target=lambda: scene.run(work), name="redeploy").start()
    return begun.result(timeout=30)
