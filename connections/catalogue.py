"""The catalogue of causes: what a page says of each, whether waiting helps, and what cures it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connections.causes import Cause, Remedy


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a page says of a cause: its title and one sentence on what to do."""

    title: str
    advice: str
    remedy: Remedy


def _passes(title: str, advice: str) -> Explanation:
    return Explanation(title, advice, Remedy.RETRY)


def _waits(title: str, advice: str) -> Explanation:
    return Explanation(title, advice, Remedy.WAIT)


def _needs(title: str, advice: str) -> Explanation:
    return Explanation(title, advice, Remedy.CURE)


CATALOGUE: Mapping[Cause, Explanation] = {
    Cause.UNREACHABLE: _passes(
        "System not reachable",
        "Check the address on the connection's page and the network; the run tries again by "
        "itself.",
    ),
    Cause.THROTTLED: _passes(
        "Too many requests",
        "Nothing to do: the system asked to wait, and the run goes on when that time is over.",
    ),
    Cause.UNAVAILABLE: _passes(
        "System not available",
        "Nothing to do at first: the run tries again by itself; if it lasts, look at the "
        "system's service status.",
    ),
    Cause.LOST_ANSWER: _passes(
        "Answer lost",
        "Nothing to do: the next run looks up what arrived and sends only what is missing.",
    ),
    Cause.MALFORMED_ANSWER: _passes(
        "Answer not readable",
        "Nothing to do at first: the run tries again; if it lasts, look for a proxy that "
        "changes answers.",
    ),
    Cause.NOT_AN_API: _needs(
        "Not an API",
        "Correct the address on the connection's page: a web page answered there instead of "
        "the API.",
    ),
    Cause.SIGN_IN: _needs(
        "Sign-in refused",
        "Enter a valid client secret or certificate on the connection's page and test the "
        "connection.",
    ),
    Cause.RETIRED: _needs(
        "Sign-in type retired",
        "Choose OAuth 2.0 with a client secret or certificate, or OAuth with an app registration "
        "of your own.",
    ),
    Cause.SDK: _needs(
        "SDK version too old",
        "Choose the same or a newer SDK Version in the Dataverse Connection Setup.",
    ),
    Cause.VERSION: _needs(
        "Version not supported",
        "Connect to Dynamics 365 Sales 8.0 or newer.",
    ),
    Cause.FORBIDDEN: _needs(
        "Permission missing",
        "Give the integration user the permission that the message names, then retry.",
    ),
    Cause.NO_ADDRESS: _needs(
        "Not an address",
        "Enter a web address, like https://org.crm.dynamics.com.",
    ),
    Cause.NOT_SECURE: _needs(
        "Address not secure",
        "Enter the address with https:// in front.",
    ),
    Cause.HOST_NOT_ALLOWED: _needs(
        "Address not allowed",
        "Correct the address, or let the person who runs the console add its host to the "
        "list of allowed hosts.",
    ),
    Cause.CERTIFICATE: _needs(
        "Certificate not trusted",
        "Renew the server's certificate, or name its authority's PEM file in the setting "
        "SYSTEM_CA_BUNDLE.",
    ),
    Cause.NOT_CONFIGURED: _needs(
        "Connection not set up",
        "Fill in and enable the connection that the message names.",
    ),
    Cause.UNKNOWN_TABLE: _needs(
        "Table unknown",
        "Correct the table on the mapping's card, or install what brings it: the integration "
        "solution or the app.",
    ),
    Cause.BAD_FILTER: _needs(
        "Filter not readable",
        "Correct the filter on the mapping's card.",
    ),
    Cause.NO_FIELDS: _needs(
        "No field mapped",
        "Add a field mapping for this direction, or use the default synchronization setup.",
    ),
    Cause.REFUSED: _needs(
        "Refused by the system",
        "Read what the system says, correct the record it names, then retry.",
    ),
    Cause.VALUE_TOO_LONG: _needs(
        "Text too long",
        "Shorten the text in the record it comes from.",
    ),
    Cause.VALUE_TRUNCATED: _needs(
        "Text was cut",
        "Shorten the text in the record it comes from, if the rest matters.",
    ),
    Cause.VALUE_INVALID: _needs(
        "Value does not fit",
        "Correct the value in the record it comes from, or the field mapping.",
    ),
    Cause.REQUIRED: _needs(
        "Required value missing",
        "Fill in the field that the message names in the record it comes from, or give its "
        "mapping a default.",
    ),
    Cause.DUPLICATE: _needs(
        "Exists already",
        "Couple the record with the one that exists, or change the number or key that both have.",
    ),
    Cause.NOT_COUPLED: _waits(
        "Related record not coupled",
        "Couple or synchronize the record that the message names; this one follows by itself.",
    ),
    Cause.NOT_MAPPED: _needs(
        "Related table not mapped",
        "Set up a table mapping for the table that the message names, or remove the field mapping.",
    ),
    Cause.OPTION_NOT_MAPPED: _waits(
        "Option not mapped",
        "Synchronize the mapping of these options, or map the value by hand; the record "
        "follows by itself.",
    ),
    Cause.CONFLICT: _needs(
        "Changed on both sides",
        "Decide which side is right and synchronize the record in that direction.",
    ),
    Cause.CHANGED_MEANWHILE: _passes(
        "Changed in the meantime",
        "Nothing to do: the next run looks at the record again.",
    ),
    Cause.DELETED: _needs(
        "Coupled record deleted",
        "Restore the record, or delete the coupling, or couple another record.",
    ),
    Cause.OUTSIDE: _needs(
        "Outside the filter",
        "Change the record, or the filter of the mapping, and retry; or delete the coupling, and "
        "what is left in Sales stays as it is.",
    ),
    Cause.NO_PARENT: _waits(
        "Company of the contact not coupled",
        "Couple or synchronize the company that the contact belongs to; the contact follows "
        "by itself.",
    ),
    Cause.NO_EXCHANGE_RATE: _needs(
        "Exchange rate missing",
        "Enter an exchange rate for the currency in Business Central.",
    ),
    Cause.AMBIGUOUS: _needs(
        "Several records match",
        "Couple the record by hand, or make the matching fields unique.",
    ),
    Cause.NO_MATCH: _needs(
        "No record matches",
        "Couple the record by hand, or create a new one.",
    ),
    Cause.NO_MATCH_FIELDS: _needs(
        "No matching fields",
        "Mark at least one field mapping for match-based coupling.",
    ),
    Cause.NO_UNIT: _needs(
        "Unit of measure missing",
        "Choose a base unit of measure for the item or resource that the message names.",
    ),
    Cause.UNIT_GROUP: _needs(
        "Unit group not usable",
        "Correct the unit group in Sales as the message says, then retry.",
    ),
    Cause.FOREIGN_UNIT: _needs(
        "Unit not in the product's unit group",
        "Enter the price in the base unit of measure, or switch Unit Group Mapping on.",
    ),
    Cause.PRICE_CURRENCY: _needs(
        "Prices in several currencies",
        "Keep the prices of one currency in the list, and move the others to lists of their own.",
    ),
    Cause.PRICE_LIST_INACTIVE: _waits(
        "Price list inactive",
        "Activate the price list in Sales; its prices follow by themselves.",
    ),
    Cause.PRICE_LIST_EDITED: _needs(
        "Automatic price list edited by hand",
        "Nothing to do, since the price of the item was put back: change prices in Business "
        "Central, or in another price list.",
    ),
    Cause.PRODUCT_RETIRED: _needs(
        "Product retired",
        "Reactivate the product in Sales, or unblock it in Business Central, then retry.",
    ),
    Cause.NOT_CARRIED: _needs(
        "Documents not carried yet",
        "Leave this mapping out: orders and invoices are not synchronized by this version.",
    ),
    Cause.UNKNOWN_OUTCOME: _passes(
        "Outcome not known",
        "Nothing to do: the next run finds out whether the record arrived before it writes again.",
    ),
    Cause.MASS_CHANGE: _needs(
        "Very many changes",
        "Look at the preview of the mapping, and choose Run it anyway on the page of the run if so "
        "many changes are intended.",
    ),
    Cause.PACKAGE: _needs(
        "Package not usable",
        "Take the package that is shipped with the console, or upload the integration solution "
        "as Microsoft delivers it.",
    ),
    Cause.SOLUTION: _needs(
        "Solution missing or outdated",
        "Redeploy the integration solution.",
    ),
    Cause.ROLES: _needs(
        "Security roles incomplete",
        "Redeploy the integration solution, which puts its roles and their privileges back.",
    ),
    Cause.NOT_ADMINISTRATOR: _needs(
        "Not a System Administrator",
        "Sign in with an account that has the role System Administrator in this environment, or "
        "store another deployment identity.",
    ),
    Cause.IMPORT_FAILED: _needs(
        "Import failed",
        "Read what Dynamics 365 Sales says, settle it, and redeploy again; nothing was changed "
        "by halves.",
    ),
    Cause.OTHER_IMPORT: _passes(
        "Another solution is being imported",
        "Wait until it has ended, which the Solution History in Power Apps shows, then redeploy.",
    ),
    Cause.TIME_OUT: _passes(
        "No answer in time",
        "Redeploy again: it takes up an import that is still under way.",
    ),
    Cause.BASE_CURRENCY: _needs(
        "Currency missing",
        "Create the currency that the message names, with an exchange rate, on the side that "
        "lacks it.",
    ),
    Cause.CLOCK: _needs(
        "Clocks differ",
        "Let the console's machine set its clock from a time server.",
    ),
    Cause.UNFINISHED: _needs(
        "Redeploy not finished",
        "Redeploy the integration solution again; that also resumes the job queue entries.",
    ),
    Cause.PAGES_MISSING: _needs(
        "Pages missing in Business Central",
        "Install the extension of bc_extension in Business Central, in a version that has them.",
    ),
    Cause.USER_UNKNOWN: _needs(
        "User or access key refused",
        "Choose an enabled user of Business Central, choose Change Web Service Key on its card, "
        "and enter name and key again.",
    ),
    Cause.NO_KEY: _needs(
        "No web service key",
        "Choose Change Web Service Key on the user's card in Business Central, and enter the key.",
    ),
    Cause.KEY_EXPIRED: _needs(
        "Access key expired",
        "Choose Change Web Service Key on the user's card in Business Central, then enter the new "
        "key and its end.",
    ),
    Cause.NOT_AVAILABLE: _needs(
        "Item availability service does not answer",
        "Publish the web service ItemAvailability in Business Central, and check its URL.",
    ),
    Cause.USER_NONE: _needs(
        "Integration user unknown",
        "Redeploy the integration solution, which creates the user of an application; the account "
        "of a person is created or enabled in Dataverse.",
    ),
    Cause.USER_MANY: _needs(
        "Several users of one application",
        "Leave one application user of the connection's Client Id in Dataverse.",
    ),
    Cause.USER_DISABLED: _needs(
        "Integration user disabled",
        "Enable it in the environment's settings.",
    ),
    Cause.USER_LICENCE: _needs(
        "Integration user without a licence",
        "Give the user a licence, or sign in with an application, which needs none.",
    ),
    Cause.USER_NO_ROLES: _needs(
        "Integration user without roles",
        "Give it the integration roles of the solution.",
    ),
    Cause.USER_ADMINISTRATOR: _needs(
        "Integration user is System Administrator",
        "Take that role away from it and leave the integration roles.",
    ),
    Cause.USER_ACCESS: _needs(
        "Integration user of a person",
        "Let the integration have a user of its own, marked as integration user, with the access "
        "mode Non-interactive.",
    ),
    Cause.ADMINISTRATION_MODE: _needs(
        "Environment in administration mode",
        "Switch the administration mode off in the Power Platform admin center; until then only "
        "administrators get in.",
    ),
    Cause.EXPIRING: _needs(
        "Expires soon",
        "Renew what the message names before that day; nothing is carried over afterwards.",
    ),
    Cause.ORDER_INTEGRATION: _needs(
        "Sales order integration differs",
        "Switch Sales Order Integration on or off on the Microsoft Dynamics 365 Connection Setup, "
        "so that both sides agree.",
    ),
    Cause.STANDS_STILL: _needs(
        "The job queue stands still",
        "Start what the message names; restart the job queue entries that have stopped.",
    ),
    Cause.MAPPING: _needs(
        "Mapping cannot run",
        "Correct the mapping that the message names on its card.",
    ),
    Cause.SWEEP: _needs(
        "Changes were missed",
        "Run the mapping that the message names with all its records, then look at its errors.",
    ),
    Cause.ERROR_RATE: _needs(
        "Many records fail",
        "Look at the errors by cause and cure the one that comes most often first.",
    ),
    Cause.LAG: _needs(
        "Runs only fail",
        "Look at the last run of the mapping that the message names; its error says what to do.",
    ),
    Cause.OWNER: _needs(
        "Entries of users who are switched off",
        "Restart the entries, which makes them yours, or put them on hold.",
    ),
    Cause.WEB_CLIENT: _needs(
        "Web client does not answer",
        "Correct the Web Client URL on the set-up's page, since records are opened there.",
    ),
    Cause.WRITE_IN: _needs(
        "No write-in product",
        "Choose the write-in product on the Sales & Receivables Setup in Business Central, so "
        "that orders with write-in lines can come over.",
    ),
    Cause.DATABASE: _needs(
        "Database needs care",
        "Do what the message says, on the machine that runs the console.",
    ),
    Cause.EXCLUSIVE: _needs(
        "Both cannot be on",
        "Switch one of the two off on the Microsoft Dynamics 365 Connection Setup first.",
    ),
    Cause.ORDERS_WAITING: _needs(
        "Submitted orders wait",
        "Fulfil or cancel the submitted orders in Sales first.",
    ),
    Cause.ENCRYPTION: _needs(
        "Stored secrets cannot be encrypted or read",
        "Put the key back into SECRETS_KEYS, or enter the secrets again: Encryption Management.",
    ),
}


def remedy_of(cause: Cause) -> Remedy:
    """Return what makes a record pass that failed for this cause."""
    return CATALOGUE[cause].remedy
