"""Puts every stored secret under the newest key."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from connections import encryption
from integration_admin.management.commandline import WITH_FAILURES, refusing


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Put every stored secret under the newest key of SECRETS_KEYS. Safe to repeat. "
        "Exit status: 0 done, 1 some secrets are under none of the keys, 2 could not run."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        with refusing():
            done = encryption.rotate()
        self.stdout.write(done.sentence)
        for name in done.unreadable:
            self.stderr.write(
                f"Under none of the keys: {name}. Put its key back, or enter it again."
            )
        if done.unreadable:
            sys.exit(WITH_FAILURES)
