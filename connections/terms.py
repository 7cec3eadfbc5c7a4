"""The choices of the connection set-ups, with Business Central's captions as labels."""

from __future__ import annotations

from django.db import models


class AuthenticationType(models.TextChoices):
    """How the console proves who it is: OAuth 2.0 in three ways, and those of servers of one's own.

    Office365 is known so that it can be refused with the reason (E-9.6).
    """

    CLIENT_SECRET = "ClientSecret", "OAuth 2.0 (Client Secret)"
    CERTIFICATE = "Certificate", "OAuth 2.0 (Certificate)"
    PASSWORD = "Password", "OAuth 2.0 (User Name and Password)"
    AD = "AD", "AD"
    IFD = "IFD", "IFD"
    OAUTH = "OAuth", "OAuth"
    OFFICE_365 = "Office365", "Office365 (retired)"


class SdkVersion(models.TextChoices):
    """Which generation of Dynamics 365 is spoken with; also the ProxyVersion (E-9.5)."""

    V100 = "100", "100 (newest)"
    V91 = "9.1", "9.1"
    V9 = "9", "9"
    V8 = "8", "8"


class ConnectionMode(models.TextChoices):
    """How Sales is reached (C-0603)."""

    THROUGH_DATAVERSE = "ThroughDataverse", "Through Dataverse"
    DIRECT = "Direct", "Direct"


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
