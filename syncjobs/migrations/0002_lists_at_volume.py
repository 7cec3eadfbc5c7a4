"""Errors carry the mapping and direction of their job, and the indexes that lists need."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery

FAILED = Q(failed__gt=0)
IS_ERROR = Q(warning=False)
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
        db_index=False,
    )


def _only_in_others(name: str) -> models.Field:  # type: ignore[type-arg]
    """An index of the company alone would be taken instead of those that begin with it."""
    return models.ForeignKey(
        "connections.company",
        django.db.models.deletion.CASCADE,
        related_name=name,
        db_index=False,
    )


def _newest(name: str, condition: Q | None = None, *more: str) -> migrations.AddIndex:
    fields = ["company", "-started_at", "mapping_name", "direction", "type", *more]
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
        migrations.AlterField("synchjob", "company", _only_in_others("synch_jobs")),
        migrations.RemoveIndex("syncherror", "error_by_cause"),
        migrations.RemoveIndex("synchjob", "synch_job_of_mapping"),
        migrations.RemoveIndex("synchjob", "synch_job_newest"),
        migrations.AddIndex(
            "syncherror",
            models.Index(
                fields=["company", "-id", "warning"], name="error_newest", condition=IS_ERROR
            ),
        ),
        migrations.AddIndex(
            "syncherror",
            models.Index(
                fields=["company", "-id", "warning"],
                name="warning_newest",
                condition=Q(warning=True),
            ),
        ),
        migrations.AddIndex(
            "syncherror", models.Index(fields=["company", "cause", "-id"], name="error_by_cause")
        ),
        migrations.AddIndex(
            "syncherror",
            models.Index(
                fields=["company", "logged_at", "mapping_name", "cause", "warning"],
                name="error_counted",
                condition=IS_ERROR,
            ),
        ),
        _newest("synch_job_newest"),
        migrations.AddIndex(
            "synchjob",
            models.Index(
                fields=["company", "mapping_name", "-started_at", "direction", "type"],
                name="synch_job_of_mapping",
            ),
        ),
        # Of indexes that serve equally SQLite takes the newest: the narrowest comes last.
        _newest("synch_job_busy", BUSY, "inserted", "modified", "deleted", "failed"),
        _newest("synch_job_failed", FAILED, "failed"),
        _newest("synch_job_running", Q(finished_at=None)),
        migrations.AddIndex(
            "run",
            models.Index(fields=["company", "status"], name="run_by_company_and_status"),
        ),
        migrations.AddIndex(
            "run", models.Index(fields=["company", "mapping_name"], name="run_of_mapping")
        ),
    ]
