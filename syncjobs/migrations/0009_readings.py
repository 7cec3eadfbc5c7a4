"""When a direction was last read as a whole."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mappings', '0004_made_for'),
        ('syncjobs', '0008_broke_off'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('direction', models.CharField(choices=[('Bidirectional', 'Bidirectional'), ('ToIntegrationTable', 'To Integration Table'), ('FromIntegrationTable', 'From Integration Table')], max_length=30, verbose_name='Synch. Direction')),
                ('watermark', models.DateTimeField(verbose_name='Watermark')),
                ('reached_at', models.DateTimeField(verbose_name='Watermark Reached')),
                ('began_at', models.DateTimeField(verbose_name='Last Whole Reading Began')),
                ('mapping', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='mappings.integrationtablemapping')),
            ],
            options={
                'verbose_name': 'reading',
                'constraints': [models.UniqueConstraint(fields=('mapping', 'direction'), name='one_reading_per_direction')],
            },
        ),
    ]
