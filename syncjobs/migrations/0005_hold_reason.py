"""Entries on hold say why."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import Q


def name_reasons(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001
    """What rests while a connection is disabled goes on with it, as it did before."""
    entries = apps.get_model("syncjobs", "JobQueueEntry").objects
    held = entries.filter(recurring=True, status="On Hold")
    held.exclude(error_message="").update(hold_reason="Refused")
    off = Q(company__dataverse_connection_setup__is_enabled=False)
    off |= Q(company__sales_connection_setup__is_enabled=False)
    held.filter(off, error_message="").update(hold_reason="Connection")


class Migration(migrations.Migration):

    dependencies = [
        ('connections', '0007_client_secret_expires_on'),
        ('syncjobs', '0004_mass_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='jobqueueentry',
            name='hold_reason',
            field=models.CharField(blank=True, choices=[('Person', 'A person put it on hold'), ('Connection', 'The connection was disabled'), ('Refused', 'The set-up was not in order'), ('Pause', 'A redeploy or a guide is at work')], max_length=20, verbose_name='Reason on Hold'),
        ),
        migrations.RunPython(name_reasons, migrations.RunPython.noop),
    ]
