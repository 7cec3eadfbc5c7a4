"""Makes a key that encrypts stored secrets, and says where to put it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from connections.secrets import key_id, present_keys
from integration_admin import secrets_keys
from integration_admin.management.commandline import COULD_NOT_RUN

THEN = "Then restart the console and run manage.py rotate_secrets; drop the old keys after that."


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Make a key that encrypts stored secrets. The key alone is printed on the standard output; "
        "what to do with it on the standard error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--keep",
            action="store_true",
            help="put the key first into the file of this machine, and do not print it",
        )

    def handle(self, *_args: Any, keep: bool = False, **_options: Any) -> None:
        path = settings.SECRETS_KEYS_FILE
        if keep:
            kept = path.read_text(encoding="ascii").splitlines() if path.exists() else []
            if present_keys() != [key for key in kept if key]:
                message = (
                    "The keys of this console stand in SECRETS_KEYS, not in a file. Leave --keep "
                    "out and put the new key first there."
                )
                raise CommandError(message, returncode=COULD_NOT_RUN)
            key = secrets_keys.keep_new(path)
            self.stdout.write(f"Key {key_id(key)} stands first in {path}. {THEN}")
            return
        key = secrets_keys.new()
        self.stderr.write(
            f"Key {key_id(key)}. Put it first in SECRETS_KEYS, before the keys that are there, "
            f"on every machine: SECRETS_KEYS=<new>,<old>. {THEN}"
        )
        self.stdout.write(key)
