"""What runs would have changed: mass changes that the guard stopped, waiting for a person."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from mappings import captions
from mappings.terms import Direction


class MassChange(models.Model):
    """A direction of a mapping that the mass-change guard stopped, and who said yes to it."""

    run = models.ForeignKey("syncjobs.Run", models.CASCADE, related_name="mass_changes")
    mapping_name = models.CharField("Integration Table Mapping Name", max_length=20)
    direction = models.CharField("Synch. Direction", max_length=30, choices=Direction)
    order = models.JSONField("Order", default=dict)  # parameters of the run that was stopped
    records = models.PositiveIntegerField("Records It Would Change")
    coupled = models.PositiveIntegerField("Coupled Records")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )
    confirmed_at = models.DateTimeField("Confirmed", null=True, blank=True)

    class Meta:
        verbose_name = "mass change"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.records} of {self.coupled} coupled records of {self.mapping_name}"

    @property
    def way(self) -> str:
        """Return the direction within a sentence."""
        return captions.towards(self.direction)

    @property
    def percent(self) -> int:
        """Return which part of the coupled records it would change, as a person reads it."""
        return round(self.records * 100 / self.coupled) if self.coupled else 100
