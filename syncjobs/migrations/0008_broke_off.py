"""Synch. jobs that broke off say so."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('syncjobs', '0007_planned_runs'),
    ]

    operations = [
        migrations.AddField(
            model_name='synchjob',
            name='broke_off',
            field=models.BooleanField(default=False, verbose_name='Broke Off'),
        ),
    ]
