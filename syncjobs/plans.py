"""What runs would change, for a person to decide: previews, and what the guard stopped."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from mappings import captions
from mappings.terms import Direction
from syncjobs.terms import Mode, Planned


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


KEPT, KEPT_OF_A_MAPPING = timedelta(days=7), 3  # previews hold what records hold: not for long
WRITING = (Planned.INSERT, Planned.CHANGE, Planned.COUPLE, Planned.UNCOUPLE)


class PlannedRun(models.Model):
    """What a run of a mapping would do, as a run found that only planned."""

    run = models.OneToOneField("syncjobs.Run", models.CASCADE, related_name="plan")
    mode = models.CharField("Mode", max_length=20, default=Mode.MODIFIED)
    direction = models.CharField(
        "Synch. Direction", max_length=30, choices=Direction, blank=True
    )  # asked for; blank: those of the mapping
    counts = models.JSONField("Counts", default=dict)  # by direction and kind
    would_change = models.PositiveIntegerField("Coupled Records It Would Change", default=0)
    is_stopped = models.BooleanField("Stopped by the Mass-Change Guard", default=False)

    class Meta:
        verbose_name = "planned run"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return str(self.run)

    @property
    def totals(self) -> Counter[str]:
        """Return how many records there are of each kind, over both directions."""
        return sum((Counter(kinds) for kinds in self.counts.values()), Counter[str]())

    @property
    def writes(self) -> int:
        """Return how many records the run would write or couple."""
        totals = self.totals
        return sum(totals[kind] for kind in WRITING)

    def forget_older(self) -> None:
        """Keep the newest previews of the mapping only."""
        mine = PlannedRun.objects.filter(
            run__company=self.run.company, run__mapping_name=self.run.mapping_name
        )
        newest = list(mine.values_list("pk", flat=True)[:KEPT_OF_A_MAPPING])
        mine.exclude(pk__in=newest).delete()


def forget_expired(*, now: datetime) -> None:
    """Forget what was planned days ago."""
    PlannedRun.objects.filter(run__started_at__lt=now - KEPT).delete()


class PlannedChange(models.Model):
    """What a run would do with one record."""

    plan = models.ForeignKey(PlannedRun, models.CASCADE, related_name="changes")
    direction = models.CharField("Synch. Direction", max_length=30, choices=Direction)
    kind = models.CharField("Planned", max_length=20, choices=Planned)
    record_name = models.CharField("Record", max_length=160, blank=True)
    business_central_id = models.UUIDField("Business Central Record", null=True, blank=True)
    dataverse_id = models.UUIDField("Dataverse Row", null=True, blank=True)
    fields = models.JSONField("Fields", default=list)  # caption, before, after
    reason = models.CharField("Reason", max_length=500, blank=True)
    cause = models.CharField("Cause", max_length=40, blank=True)
    PERSONAL = ("record_name", "fields", "reason")  # not for everybody (C-4013)

    class Meta:
        verbose_name = "planned change"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.record_name}".strip()
