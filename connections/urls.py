"""The pages of the connections."""

from __future__ import annotations

from django.urls import path

from connections import (
    business_unit_views,
    direct_views,
    health_views,
    item_availability_views,
    order_integration_views,
    package_views,
    restore_views,
    roles_views,
    sales_setup_views,
    sellers_views,
    setup_views,
    silence_views,
    solution_views,
    unit_group_views,
    views,
)
from connections.redeploy_history import RedeployList

urlpatterns = [
    path("", views.connections, name="connections"),
    path("restore/", restore_views.restore_connections, name="restore_connections"),
    path("test/", views.test_connection, name="test_connection"),
    path(
        "business-central/",
        setup_views.business_central_setup,
        name="business_central_setup",
    ),
    path(
        "business-central/save/",
        setup_views.save_business_central_setup,
        name="save_business_central_setup",
    ),
    path("dataverse/", setup_views.dataverse_setup, name="dataverse_setup"),
    path("dataverse/save/", setup_views.save_dataverse_setup, name="save_dataverse_setup"),
    path("dataverse/enable/", setup_views.enable_dataverse_setup, name="enable_dataverse_setup"),
    path("dataverse/disable/", setup_views.disable_dataverse_setup, name="disable_dataverse_setup"),
    path("dataverse/business-unit/", business_unit_views.business_unit_page, name="business_unit"),
    path(
        "dataverse/business-unit/choose/",
        business_unit_views.choose_business_unit,
        name="choose_business_unit",
    ),
    path("sales/", sales_setup_views.sales_setup, name="sales_setup"),
    path("sales/sign-in/", direct_views.sales_sign_in_setup, name="sales_sign_in_setup"),
    path(
        "sales/sign-in/save/",
        direct_views.save_sales_sign_in_setup,
        name="save_sales_sign_in_setup",
    ),
    path("sales/save/", sales_setup_views.save_sales_setup, name="save_sales_setup"),
    path("sales/enable/", sales_setup_views.enable_sales_setup, name="enable_sales_setup"),
    path("sales/disable/", sales_setup_views.disable_sales_setup, name="disable_sales_setup"),
    path("sales/check/", sales_setup_views.check_sales, name="check_sales"),
    path(
        "sales/web-client-url/reset/",
        sales_setup_views.reset_web_client_url,
        name="reset_web_client_url",
    ),
    path(
        "sales/item-availability/",
        item_availability_views.item_availability_page,
        name="item_availability",
    ),
    path(
        "sales/item-availability/publish/",
        item_availability_views.publish_item_availability,
        name="publish_item_availability",
    ),
    path(
        "sales/item-availability/unpublish/",
        item_availability_views.unpublish_item_availability,
        name="unpublish_item_availability",
    ),
    path(
        "sales/item-availability/try/",
        sales_setup_views.try_item_availability,
        name="try_item_availability",
    ),
    path("sales/unit-groups/", unit_group_views.switch_unit_groups, name="switch_unit_groups"),
    path("sales/orders/", order_integration_views.order_integration_page, name="order_integration"),
    path(
        "sales/orders/switch/",
        order_integration_views.switch_order_integration,
        name="switch_order_integration",
    ),
    path("defaults/", health_views.default_setup, name="default_setup"),
    path("defaults/export/", health_views.export_customised, name="export_customised"),
    path("defaults/use/", health_views.use_default_setup, name="use_default_setup"),
    path("redeploy/", solution_views.redeploy_page, name="redeploy"),
    path("redeploy/history/", RedeployList.as_view(), name="redeploys"),
    path("redeploy/start/", solution_views.start_redeploy, name="start_redeploy"),
    path("redeploy/package/", package_views.upload_package, name="upload_package"),
    path(
        "redeploy/package/shipped/",
        package_views.use_shipped_package,
        name="use_shipped_package",
    ),
    path("redeploy/identity/", solution_views.deployment_identity, name="deployment_identity"),
    path(
        "redeploy/identity/save/",
        solution_views.save_deployment_identity,
        name="save_deployment_identity",
    ),
    path(
        "redeploy/identity/remove/",
        solution_views.remove_deployment_identity,
        name="remove_deployment_identity",
    ),
    path("health/", health_views.health_page, name="health"),
    path("health/check/", health_views.check_health, name="check_health"),
    path("health/<int:pk>/silence/", silence_views.silence_page, name="silence"),
    path("health/<int:pk>/silence/begin/", silence_views.silence_check, name="silence_check"),
    path("health/<int:pk>/silence/end/", silence_views.ring_again, name="ring_again"),
    path("roles/", roles_views.roles_page, name="security_roles"),
    path("roles/check/", roles_views.check_roles, name="check_roles"),
    path("roles/export/", roles_views.export_roles, name="export_roles"),
    path("roles/sellers/", sellers_views.sellers_page, name="sellers"),
    path("roles/sellers/check/", sellers_views.check_sellers, name="check_sellers"),
]
