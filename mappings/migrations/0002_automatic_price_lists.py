"""The price lists in Sales that the console keeps by itself."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0002_connection_setups"),
        ("mappings", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AutomaticPriceList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency_code", models.CharField(max_length=10, verbose_name="Currency Code")),
                ("dataverse_id", models.UUIDField(verbose_name="Price List")),
                ("name", models.CharField(max_length=100, verbose_name="Name")),
                ("incarnation", models.PositiveIntegerField(default=0, verbose_name="Incarnation")),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="automatic_price_lists",
                        to="connections.company",
                    ),
                ),
            ],
            options={
                "verbose_name": "automatic price list",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("company", "currency_code"),
                        name="one_automatic_price_list_per_currency",
                    )
                ],
            },
        ),
    ]
