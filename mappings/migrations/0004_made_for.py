"""Each mapping knows the choices of the set-ups that it was made for."""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models

SETUPS = {
    "DataverseConnectionSetup": ("ownership_model",),
    "SalesConnectionSetup": ("unit_of_measure_model", "price_model", "sales_order_model"),
}


def note_choices(apps: Apps, _editor: Any) -> None:
    """What was chosen until now is what the mappings were made for."""
    made_for: dict[int, dict[str, str]] = {}
    for model, names in SETUPS.items():
        for row in apps.get_model("connections", model).objects.all():
            chosen = made_for.setdefault(row.company_id, {})
            for name in names:
                text = str(getattr(row, name))
                chosen[name] = text[:1].lower() + text[1:]
    mappings = apps.get_model("mappings", "IntegrationTableMapping").objects
    for company, chosen in made_for.items():
        mappings.filter(company_id=company).update(made_for=chosen)


class Migration(migrations.Migration):
    dependencies = [
        ("mappings", "0003_indexes_of_lists"),
        ("connections", "0007_client_secret_expires_on"),
    ]

    operations = [
        migrations.AddField(
            model_name="integrationtablemapping",
            name="made_for",
            field=models.JSONField(
                blank=True, default=dict, editable=False, verbose_name="Made For"
            ),
        ),
        migrations.RunPython(note_choices, migrations.RunPython.noop),
    ]
