"""Errors carry the mapping and direction of their job, and the indexes that lists need."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery

FAILED = Q(failed__gt=0)
BUSY = FAILED | Q(inserted__gt=0) | Q(modified__gt=0) | Q(deleted__gt=0)
COPIED = ("company_id", "mapping_name", "direction")
DIRECTIONS = [
    ("Bidirectional", "Bidirectional"),
    ("ToIntegrationTable", "To Integration Table"),
    ("FromIntegrationTable", "From Integration Table"),
]


def copy_from_jobs(apps, _editor):  # type: ignore[no-untyped-def]
    """Fill the new columns of errors that are there already: one statement."""
    jobs = apps.get_model("syncjobs", "SynchJob").objects.filter(pk=OuterRef("job_id"))
    values = {name: Subquery(jobs.values(name)[:1]) for name in COPIED}
    apps.get_model("syncjobs", "SynchError").objects.update(**values)


def _company(*, null: bool) -> models.Field:  # type: ignore[type-arg]
    return models.ForeignKey(
        "connections.company",
        django.db.models.deletion.CASCADE,
        related_name="synch_errors",
        null=null,
    )


def _newest(name: str, condition: Q | None = None) -> migrations.AddIndex:
    fields = ["company", "-started_at", "mapping_name", "direction", "type"]
    return migrations.AddIndex(
        "synchjob", models.Index(fields=fields, name=name, condition=condition)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0002_connection_setups"),
        ("syncjobs", "0001_initial"),
    ]
    operations = [
        migrations.AddField("syncherror", "company", _company(null=True)),
        migrations.AddField(
            "syncherror",
            "mapping_name",
            models.CharField("Integration Table Mapping Name", max_length=20, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "syncherror",
            "direction",
            models.CharField(
                "Synch. Direction", max_length=30, choices=DIRECTIONS, default=DIRECTIONS[1][0]
            ),
            preserve_default=False,
        ),
        migrations.RunPython(copy_from_jobs, migrations.RunPython.noop),
        migrations.AlterField("syncherror", "company", _company(null=False)),
        migrations.RemoveIndex("syncherror", "error_by_cause"),
        migrations.RemoveIndex("synchjob", "synch_job_of_mapping"),
        migrations.RemoveIndex("synchjob", "synch_job_newest"),
        migrations.AddIndex(
            "syncherror", models.Index(fields=["company", "warning", "-id"], name="error_newest")
        ),
        migrations.AddIndex(
            "syncherror", models.Index(fields=["company", "cause", "-id"], name="error_by_cause")
        ),
        migrations.AddIndex(
            "syncherror",
            models.Index(
                fields=["company", "warning", "logged_at", "mapping_name", "cause"],
                name="error_counted",
            ),
        ),
        _newest("synch_job_newest"),
        _newest("synch_job_failed", FAILED),
        _newest("synch_job_busy", BUSY),
        _newest("synch_job_running", Q(finished_at=None)),
        migrations.AddIndex(
            "synchjob",
            models.Index(
                fields=["company", "mapping_name", "-started_at", "direction"],
                name="synch_job_of_mapping",
            ),
        ),
        migrations.AddIndex(
            "run", models.Index(fields=["company", "mapping_name"], name="run_of_mapping")
        ),
    ]
