"""The rights of the console, held as permissions so that groups and users can be given them."""

from __future__ import annotations

from django.db import models


class ConsoleRight(models.Model):
    """No table: only the permissions that `roles` hands out (C-4001 to C-4028)."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [
            ("view_console", "See home, lists and logs"),
            ("view_connection", "See the connection set-ups"),
            ("test_connection", "Test a connection"),
            ("view_mapping", "See the integration table mappings"),
            ("run_sync", "Synchronize modified records"),
            ("run_full_sync", "Synchronize in full and unconditionally"),
            ("view_coupling", "See couplings and held-back records"),
            ("manage_couplings", "Delete couplings"),
            ("retry_record", "Retry and synchronize selected records"),
            ("retry_all", "Retry any number of records"),
            ("view_log", "See synchronization jobs, errors and runs"),
            ("view_job", "See job queue entries"),
            ("run_job", "Start, hold and restart job queue entries and cancel runs"),
        ]

    def __str__(self) -> str:
        return "Rights of the console"
