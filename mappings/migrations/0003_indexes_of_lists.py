"""Indexes that lists of couplings need at volume."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

TO_RETRY = (
    Q(last_synch_result="Failure")
    | Q(last_synch_crm_result="Failure")
    | Q(owes_business_central=True)
    | Q(owes_dataverse=True)
)


def _in_order(name: str, condition: Q | None = None) -> migrations.AddIndex:
    fields = ["company", "mapping_name", "business_central_key", "name"]
    return migrations.AddIndex(
        "coupling", models.Index(fields=fields, name=name, condition=condition)
    )


class Migration(migrations.Migration):
    dependencies = [("mappings", "0002_automatic_price_lists")]
    operations = [
        migrations.RemoveIndex("coupling", "coupling_by_key"),
        migrations.RemoveIndex("coupling", "coupling_to_retry"),
        migrations.AlterField(
            "coupling",
            "company",
            models.ForeignKey(
                "connections.company",
                django.db.models.deletion.CASCADE,
                related_name="couplings",
                db_index=False,
            ),
        ),
        _in_order("coupling_by_key"),
        migrations.AddIndex(
            "coupling",
            models.Index(
                fields=["company", "business_central_key", "mapping_name", "name"],
                name="coupling_by_number",
            ),
        ),
        # Of indexes that serve equally SQLite takes the newest: the narrowest comes last.
        _in_order("coupling_to_retry", TO_RETRY),
        _in_order("coupling_held", Q(skipped=True)),
    ]
