"""Every address of the console, found in its URLs, with a record of each kind filled in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from audit.models import AuditEntry
from connections.models import Company
from integration_admin.models import ApiToken, GuideRun, SavedView
from integration_admin.roles import VIEWER, Right
from mappings.models import Coupling, IntegrationTableMapping
from syncjobs.models import HealthCheck, JobQueueEntry, MassChange, PlannedRun, Run, SynchJob

BEFORE_SIGN_IN = {"sign_in", "set_password", "session_left", "live", "ready"}
FOR_STAFF = {"styleguide"}
# The right that each act asks for (console.md 2).
RIGHT_OF_ACT = {
    "switch_company": Right.VIEW_CONSOLE,
    "stay_signed_in": Right.VIEW_CONSOLE,
    "confirm_sign_in": Right.VIEW_CONSOLE,
    "create_api_token": Right.USE_API,
    "revoke_api_token": Right.USE_API,
    "test_connection": Right.TEST_CONNECTION,
    "restore_connections": Right.CHANGE_CONNECTION,
    "save_business_central_setup": Right.CHANGE_CONNECTION,
    "save_dataverse_setup": Right.CHANGE_CONNECTION,
    "enable_dataverse_setup": Right.CHANGE_CONNECTION,
    "disable_dataverse_setup": Right.CHANGE_CONNECTION,
    "save_sales_sign_in_setup": Right.CHANGE_CONNECTION,
    "save_sales_setup": Right.CHANGE_CONNECTION,
    "enable_sales_setup": Right.CHANGE_CONNECTION,
    "disable_sales_setup": Right.CHANGE_CONNECTION,
    "choose_business_unit": Right.CHANGE_CONNECTION,
    "check_sales": Right.TEST_CONNECTION,
    "reset_web_client_url": Right.CHANGE_CONNECTION,
    "publish_item_availability": Right.CHANGE_CONNECTION,
    "unpublish_item_availability": Right.CHANGE_CONNECTION,
    "try_item_availability": Right.TEST_CONNECTION,
    "switch_order_integration": Right.CHANGE_CONNECTION,
    "switch_unit_groups": Right.CHANGE_CONNECTION,
    "use_default_setup": Right.RESET_CONFIGURATION,
    "save_guide_step": Right.CHANGE_CONNECTION,
    "discard_guide": Right.CHANGE_CONNECTION,
    "finish_guide": Right.CHANGE_CONNECTION,
    "retry_guide_run": Right.CHANGE_CONNECTION,
    "undo_guide_run": Right.CHANGE_CONNECTION,
    "start_redeploy": Right.REDEPLOY_SOLUTION,
    "upload_package": Right.CHANGE_CONNECTION,
    "use_shipped_package": Right.CHANGE_CONNECTION,
    "save_deployment_identity": Right.MANAGE_SECRETS,
    "remove_deployment_identity": Right.MANAGE_SECRETS,
    "check_health": Right.TEST_CONNECTION,
    "silence_check": Right.TEST_CONNECTION,
    "ring_again": Right.TEST_CONNECTION,
    "check_roles": Right.TEST_CONNECTION,
    "check_sellers": Right.TEST_CONNECTION,
    "synchronize": Right.RUN_SYNC,
    "synchronize_selected": Right.RUN_SYNC,
    "synchronize_all": Right.RUN_SYNC,
    "match": Right.MANAGE_COUPLINGS,
    "synchronize_couplings": Right.RETRY_RECORD,
    "synchronize_coupling": Right.RETRY_RECORD,
    "retry_couplings": Right.RETRY_RECORD,
    "retry_coupling": Right.RETRY_RECORD,
    "retry_all": Right.RETRY_ALL,
    "find_deleted": Right.RETRY_ALL,
    "restore_records": Right.RETRY_ALL,
    "retry_options": Right.RETRY_RECORD,
    "retry_pending": Right.RETRY_RECORD,
    "delete_couplings": Right.MANAGE_COUPLINGS,
    "delete_coupling": Right.MANAGE_COUPLINGS,
    "save_salespeople": Right.MANAGE_COUPLINGS,
    "uncouple_salespeople": Right.MANAGE_COUPLINGS,
    "create_salespeople": Right.MANAGE_COUPLINGS,
    "add_salespeople_to_team": Right.MANAGE_COUPLINGS,
    "synchronize_errors": Right.RETRY_RECORD,
    "retry_errors": Right.RETRY_RECORD,
    "run_entries_now": Right.RUN_JOB,
    "set_entries_ready": Right.RUN_JOB,
    "hold_entries": Right.RUN_JOB,
    "restart_entries": Right.RUN_JOB,
    "run_entry_now": Right.RUN_JOB,
    "set_entry_ready": Right.RUN_JOB,
    "hold_entry": Right.RUN_JOB,
    "restart_entry": Right.RUN_JOB,
    "cancel_run": Right.RUN_JOB,
    "run_anyway": Right.RUN_FULL_SYNC,
    "preview": Right.PREVIEW,
    "run_previewed": Right.RUN_SYNC,
    "save_view": Right.VIEW_CONSOLE,
    "delete_view": Right.MANAGE_VIEWS,  # of a shared view of somebody else
    "default_view": Right.VIEW_CONSOLE,
    "set_user_roles": Right.MANAGE_USERS,
    "disable_user": Right.MANAGE_USERS,
    "enable_user": Right.MANAGE_USERS,
    "forget_user": Right.MANAGE_USERS,
    "sign_user_out": Right.MANAGE_USERS,
    "create_user": Right.MANAGE_USERS,
    "new_password_link": Right.MANAGE_USERS,
    "change_password": Right.VIEW_CONSOLE,
    "rotate_secrets": Right.MANAGE_SECRETS,
    "verify_audit_log": Right.VIEW_AUDIT,
}
ACTS = set(RIGHT_OF_ACT)
# These ask systems that are not there; their refusals are tested apart.
CALLS_SYSTEMS = {
    "test_connection",
    "check_health",
    "check_roles",
    "check_sales",
    "check_sellers",
    "start_redeploy",
}
OWN_ACTS = {name for name, right in RIGHT_OF_ACT.items() if right in VIEWER}
# Pages that ask for more than a viewer has.
RIGHT_OF_PAGE = {
    "default_setup": Right.RESET_CONFIGURATION,
    "assisted_setup": Right.CHANGE_CONNECTION,
    "guide": Right.CHANGE_CONNECTION,
    "guide_step": Right.CHANGE_CONNECTION,
    "leave_guide": Right.CHANGE_CONNECTION,
    "guide_run": Right.CHANGE_CONNECTION,
    "deployment_identity": Right.MANAGE_SECRETS,
    "business_unit": Right.CHANGE_CONNECTION,
    "item_availability": Right.CHANGE_CONNECTION,
    "order_integration": Right.CHANGE_CONNECTION,
    "silence": Right.TEST_CONNECTION,
    "planned_changes": Right.PREVIEW,
    "audit_log": Right.VIEW_AUDIT,
    "audit_entry": Right.VIEW_AUDIT,
    "users": Right.MANAGE_USERS,
    "user": Right.MANAGE_USERS,
    "encryption": Right.MANAGE_SECRETS,
    "new_user": Right.MANAGE_USERS,
    "who_can": Right.MANAGE_USERS,
}
# Addresses that name a guide and a step instead of a record.
OF_A_GUIDE = {
    "guide": ("sales",),
    "discard_guide": ("sales",),
    "finish_guide": ("sales",),
    "guide_step": ("sales", "address"),
    "leave_guide": ("sales", "address"),
    "save_guide_step": ("sales", "address"),
}
# Files, which are no pages, and the right that each asks for besides that of its list.
OF_A_LIST = {"list_views", "save_view"}
RIGHT_OF_FILE = {
    "export_list": Right.EXPORT,
    "export_customised": Right.RESET_CONFIGURATION,
    "export_roles": Right.EXPORT,
}
API = "api"  # has its own matrix: tests/api


def names() -> Iterator[str]:
    """Yield the name of every URL."""
    yield from _names(get_resolver().url_patterns)


def _names(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace == API:
                continue
            yield from _names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            assert pattern.name, f"{pattern} has no name"
            yield pattern.name


def address(name: str) -> str:
    """Return the address of a URL, for the newest record where it needs one."""
    if name == "export_list":
        return f"{reverse(name, args=['couplings'])}?format=csv"
    kinds: dict[str, Any] = {
        "switch_company": Company,
        "mapping": IntegrationTableMapping,
        "synchronize": IntegrationTableMapping,
        "match": IntegrationTableMapping,
        "coupling": Coupling,
        "synchronize_coupling": Coupling,
        "retry_coupling": Coupling,
        "delete_coupling": Coupling,
        "synch_job": SynchJob,
        "job_queue_entry": JobQueueEntry,
        "run_entry_now": JobQueueEntry,
        "set_entry_ready": JobQueueEntry,
        "hold_entry": JobQueueEntry,
        "restart_entry": JobQueueEntry,
        "silence": HealthCheck,
        "silence_check": HealthCheck,
        "ring_again": HealthCheck,
        "run": Run,
        "run_progress": Run,
        "cancel_run": Run,
        "run_anyway": MassChange,
        "run_previewed": PlannedRun,
        "preview": IntegrationTableMapping,
        "audit_entry": AuditEntry,
        "revoke_api_token": ApiToken,
        "delete_view": SavedView,
        "default_view": SavedView,
        "user": User,
        "set_user_roles": User,
        "disable_user": User,
        "enable_user": User,
        "forget_user": User,
        "sign_user_out": User,
        "new_password_link": User,
        "guide_run": GuideRun,
        "retry_guide_run": GuideRun,
        "undo_guide_run": GuideRun,
    }
    if name in OF_A_GUIDE:
        return reverse(name, args=OF_A_GUIDE[name])
    if name in OF_A_LIST:
        return reverse(name, args=["couplings"])
    if name not in kinds:
        return reverse(name)
    row = kinds[name].objects.first()
    assert row is not None, f"the past holds no {kinds[name].__name__}"
    return reverse(name, args=[row.pk])
