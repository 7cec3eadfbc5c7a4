"""Indexes that lists of couplings need at volume."""

from __future__ import annotations

from django.db import migrations, models


def _add(name: str, *fields: str, condition: models.Q | None = None) -> migrations.AddIndex:
    index = models.Index(fields=["company", *fields], name=name, condition=condition)
    return migrations.AddIndex("coupling", index)


class Migration(migrations.Migration):
    dependencies = [("mappings", "0002_automatic_price_lists")]
    operations = [
        migrations.RemoveIndex("coupling", "coupling_by_key"),
        _add("coupling_by_key", "mapping_name", "business_central_key", "name"),
        _add("coupling_by_number", "business_central_key"),
        _add("coupling_held", "mapping_name", condition=models.Q(skipped=True)),
    ]
