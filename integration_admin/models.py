"""The rights of the console, and what belongs to a user: API tokens, saved views, guides."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from connections.secrets import SecretField


class ConsoleRight(models.Model):
    """No table: only the permissions that `roles` hands out (C-4001 to C-4028)."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [
            ("view_console", "See home, lists and logs"),
            ("view_connection", "See the connection set-ups"),
            ("change_connection", "Change, enable and disable the connections"),
            ("manage_secrets", "Store who redeploys the integration solution"),
            ("test_connection", "Test a connection"),
            ("redeploy_solution", "Redeploy the integration solution and repair its roles"),
            ("view_roles", "See security roles and redeploys"),
            ("reset_configuration", "Use the default synchronization setup"),
            ("view_mapping", "See the integration table mappings"),
            ("run_sync", "Synchronize modified records"),
            ("run_full_sync", "Synchronize in full and unconditionally"),
            ("view_coupling", "See couplings and held-back records"),
            ("manage_couplings", "Delete couplings"),
            ("retry_record", "Retry and synchronize selected records"),
            ("retry_all", "Retry any number of records"),
            ("view_personal", "See what names people: names, addresses, messages, logs"),
            ("view_log", "See synchronization jobs, errors and runs"),
            ("view_job", "See job queue entries"),
            ("run_job", "Start, hold and restart job queue entries and cancel runs"),
            ("preview", "Plan a run without writing"),
            ("couple_record", "Couple one record"),
            ("use_api", "Make API tokens of one's own"),
            ("view_audit", "See the audit log"),
            ("view_audit_values", "See what set-ups and users were before and after"),
            ("manage_users", "See and change users and their roles"),
            ("export", "Export up to 1,000 rows of a list"),
            ("export_all", "Export up to 100,000 rows of a list"),
            ("manage_views", "Share saved views with everybody"),
        ]

    def __str__(self) -> str:
        return "Rights of the console"


class ApiToken(models.Model):
    """Lets a program act as a user, with that user's rights; only a digest of it is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField("Name", max_length=60)
    digest = models.CharField("Digest", max_length=64, unique=True)
    ending = models.CharField("Ends With", max_length=4)  # tells one's tokens apart
    created_at = models.DateTimeField("Created")
    expires_at = models.DateTimeField("Expires", null=True, blank=True)
    last_used_at = models.DateTimeField("Last Used", null=True, blank=True)
    last_used_from = models.CharField("Last Used From", max_length=45, blank=True)

    class Meta:
        verbose_name = "API token"
        default_permissions = ()
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="one_token_of_a_name_per_user"),
        ]

    def __str__(self) -> str:
        return self.name


class SavedView(models.Model):
    """A picture of a list under a name: tab, search, filters, order, columns (C-0011)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    list_name = models.CharField("List", max_length=60)  # the URL name of its page
    name = models.CharField("Name", max_length=60)
    picture = models.CharField("Picture", max_length=2000, blank=True)  # a query string
    is_shared = models.BooleanField("Shared", default=False)

    class Meta:
        verbose_name = "saved view"
        default_permissions = ()
        ordering = ["list_name", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "list_name", "name"], name="one_view_of_a_name_per_user_and_list"
            ),
        ]
        indexes = [models.Index(fields=["list_name"], name="view_of_list")]

    def __str__(self) -> str:
        return self.name


class DefaultView(models.Model):
    """The saved view that a list opens with for somebody, theirs or a shared one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    list_name = models.CharField("List", max_length=60)
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="defaults")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user", "list_name"], name="one_default_view_per_user_and_list"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.view}"


class GuideDraft(models.Model):
    """What somebody has answered in a guide of Assisted Setup; nothing of it is live (C-0202)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="guide_drafts")
    guide = models.CharField("Guide", max_length=20)
    company = models.ForeignKey("connections.Company", models.CASCADE, null=True, blank=True)
    answers = models.JSONField("Answers", default=dict)  # by step; no secrets
    told = models.JSONField("Told by the Systems", default=dict)
    done = models.JSONField("Steps Done", default=list)
    secrets = SecretField("Secrets")  # by step, sealed; for an hour
    secrets_until = models.DateTimeField("Secrets Kept Until", null=True, blank=True)
    expires_at = models.DateTimeField("Expires")

    class Meta:
        verbose_name = "draft of a guide"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["user", "guide", "company"], name="one_draft_of_a_guide_per_company"
            ),
            models.UniqueConstraint(
                fields=["user", "guide"],
                condition=models.Q(company=None),
                name="one_draft_of_a_guide_before_a_company",
            ),
        ]

    def __str__(self) -> str:
        return f"draft of the guide {self.guide}"


class GuideRun(models.Model):
    """What Finish of a guide started: the answers, and how far the run has come (C-0309)."""

    class Result(models.TextChoices):
        IN_PROCESS = "InProcess", "In Process"
        DONE = "Done", "Completed"
        WITH_WARNINGS = "WithWarnings", "Completed with warnings"
        FAILED = "Failed", "Stopped"
        CANCELLED = "Cancelled", "Cancelled"
        UNDONE = "Undone", "Undone"

    company = models.ForeignKey("connections.Company", models.CASCADE, related_name="guide_runs")
    guide = models.CharField("Guide", max_length=20)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    run_id = models.BigIntegerField("Run", null=True, blank=True)
    started_at = models.DateTimeField("Started")
    finished_at = models.DateTimeField("Finished", null=True, blank=True)
    answers = models.JSONField("Answers", default=dict)
    told = models.JSONField("Told by the Systems", default=dict)
    secrets = SecretField("Secrets")  # until the run is done, at most for an hour
    secrets_until = models.DateTimeField("Secrets Kept Until", null=True, blank=True)
    position = models.PositiveSmallIntegerField("Steps Done", default=0)
    steps = models.JSONField("Steps", default=list)  # what was done: [step, sentence]
    warnings = models.JSONField("Warnings", default=list)
    paused = models.JSONField("Paused Entries", default=list)
    result = models.CharField(
        "Result", max_length=20, choices=Result.choices, default=Result.IN_PROCESS
    )
    error_message = models.CharField("Error Message", max_length=2048, blank=True)
    cause = models.CharField("Cause", max_length=40, blank=True)

    class Meta:
        verbose_name = "run of a guide"
        default_permissions = ()
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"run of the guide {self.guide}"
