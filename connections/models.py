"""Companies and the set-ups that connect them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from connections.authentication import OAUTH_2
from connections.secrets import SecretField
from connections.solution.manifest import UNIQUE_NAME
from connections.terms import (
    AuthenticationType,
    ConnectionMode,
    OwnershipModel,
    PriceModel,
    RedeployResult,
    SalesOrderModel,
    SdkVersion,
    UnitOfMeasureModel,
)

ENTRA_ID = "https://login.microsoftonline.com"
BUSINESS_CENTRAL = "https://api.businesscentral.dynamics.com"


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


class SignIn(models.Model):
    """How an application or a user signs in: with Entra ID, AD FS or a Windows domain."""

    authority = models.URLField("Authority", max_length=250, default=ENTRA_ID)
    tenant = models.CharField("Tenant", max_length=100, blank=True)
    authentication_type = models.CharField(
        "Authentication Type",
        max_length=20,
        choices=AuthenticationType.choices,
        default=AuthenticationType.CLIENT_SECRET,
    )
    client_id = models.CharField("Client Id", max_length=36, blank=True)
    client_secret = SecretField("Client Secret")
    client_secret_expires_on = models.DateField("Client Secret Expires", null=True, blank=True)
    certificate = models.TextField("Certificate", blank=True)  # PEM, public
    private_key = SecretField("Private Key")  # PEM
    user_name = models.CharField("User Name", max_length=250, blank=True)
    password = SecretField("Password")
    PERSONAL: ClassVar[tuple[str, ...]] = ("user_name",)  # not for everybody (C-4013)

    class Meta:
        abstract = True

    @property
    def domain(self) -> str:
        """Return the Windows domain, which stands before the user's name (C-0629)."""
        domain, found, _ = self.user_name.partition("\\")
        return domain if found else ""


class BusinessCentralConnection(SignIn):
    """Where Business Central is, and who asks there. One row for each company."""

    company = models.OneToOneField(
        Company, on_delete=models.CASCADE, related_name="business_central_connection"
    )
    authentication_type = models.CharField(
        "Authentication Type",
        max_length=20,
        choices=[(kind.value, kind.label) for kind in OAUTH_2],
        default=AuthenticationType.CLIENT_SECRET,
    )
    server_address = models.URLField("Server Address", max_length=250, blank=True)
    resource = models.URLField("Resource", max_length=250, default=BUSINESS_CENTRAL)
    web_client_url = models.URLField("Web Client URL", max_length=250, blank=True)

    class Meta:
        verbose_name = "Business Central connection"

    def __str__(self) -> str:
        return f"Business Central connection of {self.company}"


class DataverseConnectionSetup(SignIn):
    """Where Dataverse is, who asks there, and who owns what comes from Business Central."""

    company = models.OneToOneField(
        Company, on_delete=models.CASCADE, related_name="dataverse_connection_setup"
    )
    is_enabled = models.BooleanField("Enabled", default=False)
    disable_reason = models.CharField("Disable Reason", max_length=250, blank=True)
    restore_connection = models.BooleanField("Restore Connection", default=False)  # E-9.26
    server_address = models.URLField("Server Address", max_length=250, blank=True)
    web_client_url = models.URLField("Web Client URL", max_length=250, blank=True)
    sdk_version = models.CharField(
        "SDK Version", max_length=10, choices=SdkVersion.choices, default=SdkVersion.V100
    )
    redirect_url = models.URLField("Redirect URL", max_length=250, blank=True)
    connection_string = models.CharField("Connection String", max_length=2048, blank=True)
    ownership_model = models.CharField(
        "Ownership Model",
        max_length=10,
        choices=OwnershipModel.choices,
        default=OwnershipModel.PERSON,
    )
    business_unit_id = models.UUIDField("Coupled Business Unit ID", null=True, blank=True)
    business_unit_name = models.CharField("Coupled Business Unit", max_length=160, blank=True)
    owning_team_id = models.UUIDField("Owning Team ID", null=True, blank=True)
    owning_team_name = models.CharField("Owning Team", max_length=160, blank=True)
    integration_user_id = models.UUIDField("Integration User ID", null=True, blank=True)
    integration_user_name = models.CharField("Integration User", max_length=200, blank=True)
    # Which text somebody accepted before data left Business Central (E-9.10).
    consent_version = models.CharField("Consent", max_length=40, blank=True)

    PERSONAL = (*SignIn.PERSONAL, "integration_user_name", "disable_reason")

    class Meta:
        verbose_name = "Dataverse Connection Setup"

    def __str__(self) -> str:
        return f"Dataverse Connection Setup of {self.company}"


class DeploymentIdentity(SignIn):
    """Who redeploys the integration solution and does nothing else (C-0702)."""

    company = models.OneToOneField(
        Company, on_delete=models.CASCADE, related_name="deployment_identity"
    )

    class Meta:
        verbose_name = "Deployment Identity"
        verbose_name_plural = "Deployment Identities"

    def __str__(self) -> str:
        return self.user_name or self.client_id


class UploadedPackage(models.Model):
    """A package that an administrator chose instead of the one that is shipped."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="uploaded_packages")
    solution = models.CharField("Solution", max_length=65, default=UNIQUE_NAME)
    content = models.BinaryField("Package")
    version = models.CharField("Version", max_length=50)
    uploaded_at = models.DateTimeField("Uploaded")

    class Meta:
        verbose_name = "integration solution package"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "solution"], name="one_package_a_solution")
        ]

    def __str__(self) -> str:
        return f"package {self.solution} {self.version} of {self.company}"


class Redeployment(models.Model):
    """One redeploy of the integration solution, from its first step to its last (C-0710)."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="redeployments")
    run_id = models.BigIntegerField("Run", null=True, blank=True)
    started_at = models.DateTimeField("Started")
    finished_at = models.DateTimeField("Finished", null=True, blank=True)
    signed_in_as = models.CharField("Signed in as", max_length=250, blank=True)
    solution = models.CharField("Solution", max_length=100, blank=True)
    from_version = models.CharField("From Version", max_length=50, blank=True)
    to_version = models.CharField("To Version", max_length=50, blank=True)
    result = models.CharField(
        "Result",
        max_length=20,
        choices=RedeployResult.choices,
        default=RedeployResult.IN_PROCESS,
    )
    error_message = models.CharField("Error Message", max_length=2048, blank=True)
    cause = models.CharField("Cause", max_length=40, blank=True)
    steps = models.JSONField("Steps", default=list)  # what was done: [step, sentence]
    problems = models.JSONField("Problems", default=list)  # still missing: [name, sentence, cause]
    PERSONAL = ("signed_in_as", "error_message", "steps", "problems")
    # What lets another worker go on: the id of the import, and the entries that were put on hold.
    import_job_id = models.UUIDField("Import Job", null=True, blank=True)
    operation_id = models.UUIDField("Asynchronous Operation", null=True, blank=True)
    paused = models.JSONField("Paused Entries", default=list)

    class Meta:
        verbose_name = "redeploy"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"redeploy of {self.solution or 'the integration solution'}"


class PermissionReport(models.Model):
    """What was last read of solutions, security roles and who has them (C-0808)."""

    company = models.OneToOneField(
        Company, on_delete=models.CASCADE, related_name="permission_report"
    )
    checked_at = models.DateTimeField("Checked")
    found = models.JSONField("Found")  # see connections.permissions

    class Meta:
        verbose_name = "permission report"

    def __str__(self) -> str:
        return f"permission report of {self.company}"


class SalesConnectionSetup(models.Model):
    """What is special to Dynamics 365 Sales; it signs in as Dataverse does (E-9.21)."""

    company = models.OneToOneField(
        Company, on_delete=models.CASCADE, related_name="sales_connection_setup"
    )
    is_enabled = models.BooleanField("Enabled", default=False)
    disable_reason = models.CharField("Disable Reason", max_length=250, blank=True)
    restore_connection = models.BooleanField("Restore Connection", default=False)  # E-9.26
    server_address = models.URLField("Dynamics 365 Sales URL", max_length=250, blank=True)
    web_client_url = models.URLField(
        "Dynamics 365 Business Central Web Client URL", max_length=250, blank=True
    )
    connection_mode = models.CharField(
        "Connection mode",
        max_length=20,
        choices=ConnectionMode.choices,
        default=ConnectionMode.THROUGH_DATAVERSE,
    )
    sales_order_model = models.CharField(
        "Sales Order Integration",
        max_length=20,
        choices=SalesOrderModel.choices,
        default=SalesOrderModel.OFF,
    )
    auto_create_sales_orders = models.BooleanField(
        "Automatically Create Sales Orders", default=False
    )
    auto_process_sales_quotes = models.BooleanField(
        "Automatically Process Sales Quotes", default=False
    )
    unit_of_measure_model = models.CharField(
        "Unit Group Mapping",
        max_length=20,
        choices=UnitOfMeasureModel.choices,
        default=UnitOfMeasureModel.UNIT_OF_MEASURE,
    )
    price_model = models.CharField(
        "Prices", max_length=20, choices=PriceModel.choices, default=PriceModel.SALES_PRICE
    )
    item_availability_service_enabled = models.BooleanField(
        "Item Availability Web Service Enabled", default=False
    )
    odata_url = models.URLField(
        "Dynamics 365 Business Central OData Web Service URL", max_length=250, blank=True
    )
    odata_user_name = models.CharField(
        "Dynamics 365 Business Central OData Web Service Username", max_length=250, blank=True
    )
    odata_access_key = SecretField("Dynamics 365 Business Central OData Web Service Accesskey")
    odata_key_expires_on = models.DateField("Accesskey Expires", null=True, blank=True)
    odata_key_changed_at = models.DateTimeField("Accesskey Changed", null=True, blank=True)
    # What Sales told when somebody last looked (E-9.24).
    sales_version = models.CharField("Dynamics 365 Sales Version", max_length=50, blank=True)
    solution_version = models.CharField("Integration Solution Version", max_length=50, blank=True)
    orders_in_sales = models.BooleanField("Sales Order Integration in Sales", null=True, blank=True)
    checked_at = models.DateTimeField("Checked", null=True, blank=True)

    PERSONAL = ("odata_user_name", "disable_reason")

    class Meta:
        verbose_name = "Microsoft Dynamics 365 Connection Setup"

    def __str__(self) -> str:
        return f"Microsoft Dynamics 365 Connection Setup of {self.company}"

    @property
    def sales_connection_enabled(self) -> bool:
        """E-9.41: the mappings of Sales are there once Sales is connected."""
        return self.is_enabled
