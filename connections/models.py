"""Companies and the set-ups that connect them."""

from __future__ import annotations

from django.db import models


class Company(models.Model):
    """One Business Central company connected with one Dataverse environment."""

    name = models.CharField("Company Name", max_length=30, unique=True)
    display_name = models.CharField("Display Name", max_length=250, blank=True)
    business_central_id = models.UUIDField("Business Central Company ID", unique=True)
    dataverse_company_id = models.UUIDField("Company in Dataverse", null=True, blank=True)
    local_currency_code = models.CharField("LCY Code", max_length=10, blank=True)

    class Meta:
        verbose_name = "company"
        verbose_name_plural = "companies"

    def __str__(self) -> str:
        return self.display_name or self.name
