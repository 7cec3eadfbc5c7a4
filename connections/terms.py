"""The choices of the connection set-ups, with Business Central's captions as labels."""

from __future__ import annotations

from django.db import models


class AuthenticationType(models.TextChoices):
    """How the console proves who it is to Entra ID."""

    CLIENT_SECRET = "ClientSecret", "Client Secret"
    CERTIFICATE = "Certificate", "Certificate"
    PASSWORD = "Password", "User Name and Password"


class OwnershipModel(models.TextChoices):
    """Who owns the rows that come from Business Central; Person first, as on Microsoft's page."""

    PERSON = "Person", "Person"
    TEAM = "Team", "Team"


class UnitOfMeasureModel(models.TextChoices):
    """What becomes a unit group of Dynamics 365 Sales."""

    UNIT_OF_MEASURE = "UnitOfMeasure", "Unit of Measure"
    UNIT_GROUP = "UnitGroup", "Unit Group"


class PriceModel(models.TextChoices):
    """Which of Business Central's prices become price lists."""

    SALES_PRICE = "SalesPrice", "Sales Price"
    PRICE_LIST = "PriceList", "Price List"


class RedeployResult(models.TextChoices):
    """How a redeploy of the integration solution ended (C-0707)."""

    IN_PROCESS = "InProcess", "In Process"
    DONE = "Done", "Done"
    WITH_WARNINGS = "WithWarnings", "Done with warnings"
    ROLES_INCOMPLETE = "RolesIncomplete", "Solution in place, roles incomplete"
    FAILED = "Failed", "Failed"
    CANCELLED = "Cancelled", "Cancelled"


class SalesOrderModel(models.TextChoices):
    """Whether and how sales orders take part."""

    OFF = "Off", "Off"
    ORDER_INTEGRATION = "OrderIntegration", "Sales Order Integration"
    BIDIRECTIONAL = "Bidirectional", "Bidirectional Synch. of Sales Orders"
