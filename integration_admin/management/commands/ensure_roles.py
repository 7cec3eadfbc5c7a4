"""Makes the roles of the console, as groups that hold their rights."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from integration_admin.roles import Role, ensure_roles


class Command(BaseCommand):
    help = "Make the groups Administrator, Operator, Support and Viewer and give them their rights."

    def handle(self, *_args: Any, **_options: Any) -> None:
        ensure_roles()
        self.stdout.write(f"The roles are in place: {', '.join(Role)}.")
