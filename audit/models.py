"""The audit log: one row for each act, never changed, and deleted only by its retention."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models

from audit.terms import Source


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete an entry of the audit log: a bug."""

    def __init__(self) -> None:
        super().__init__("An entry of the audit log is never changed and never deleted.")


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **_values: Any) -> NoReturn:
        raise AppendOnlyError

    def delete(self) -> NoReturn:
        raise AppendOnlyError


class AuditEntry(models.Model):
    """Who did what to what, when, from where, and what it was before and after (C-3201).

    It outlives whom and what it names: no constraint ties it to the person or the company.
    """

    moment = models.DateTimeField("Time")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
    )
    user_name = models.CharField("User", max_length=150, blank=True)
    source = models.CharField("Source", max_length=20, choices=Source)
    act = models.CharField("Action", max_length=30)  # an Act
    object_kind = models.CharField("Kind", max_length=60)
    object_key = models.CharField("Key", max_length=60, blank=True)
    object_name = models.CharField("Object", max_length=250, blank=True)
    company = models.ForeignKey(
        "connections.Company",
        models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
    )
    company_name = models.CharField("Company", max_length=250, blank=True)
    before = models.JSONField("Before", default=dict, blank=True)
    after = models.JSONField("After", default=dict, blank=True)
    reason = models.CharField("Reason", max_length=250, blank=True)
    correlation_id = models.CharField("Correlation Id", max_length=64, blank=True)
    address = models.CharField("Address", max_length=45, blank=True)
    digest = models.CharField("Digest", max_length=64, blank=True, editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = "audit log entry"
        verbose_name_plural = "audit log entries"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["company", "-id"], name="audit_of_company"),
            models.Index(fields=["object_kind", "object_key"], name="audit_of_object"),
            models.Index(fields=["user_name"], name="audit_of_user"),
            models.Index(fields=["correlation_id"], name="audit_of_request"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.object_name or self.object_kind}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **options)

    def delete(self, *_args: Any, **_options: Any) -> NoReturn:
        raise AppendOnlyError


class AuditSeal(models.Model):
    """The place of an entry in the chain, and a digest over the seal before it and the entry.

    It names the entry by its number only: one that is gone is to be missed.
    """

    position = models.BigIntegerField("Position", primary_key=True)
    entry_id = models.BigIntegerField("Entry", unique=True)
    digest = models.CharField("Digest", max_length=64)

    class Meta:
        verbose_name = "seal of an audit log entry"
        default_permissions = ()

    def __str__(self) -> str:
        return f"seal {self.position}"


class AuditForgotten(models.Model):
    """Proves that the console took the names of a removed user out of an entry."""

    entry_id = models.BigIntegerField("Entry", primary_key=True)
    proof = models.CharField("Proof", max_length=64)

    class Meta:
        verbose_name = "forgotten name of the audit log"
        default_permissions = ()

    def __str__(self) -> str:
        return f"entry {self.entry_id}, without names"


class AuditCut(models.Model):
    """Where the chain begins since older entries were removed: the last seal that went."""

    position = models.BigIntegerField("Position")
    digest = models.CharField("Digest", max_length=64)
    mac = models.CharField("Proof", max_length=64)  # that the console removed them

    class Meta:
        verbose_name = "beginning of the audit log"
        default_permissions = ()

    def __str__(self) -> str:
        return f"cut after {self.position}"
