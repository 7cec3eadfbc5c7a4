"""The pages of mappings and couplings."""

from __future__ import annotations

from django.urls import path

from mappings import (
    buttons,
    coupling_buttons,
    coupling_views,
    deletion_buttons,
    open_views,
    salespeople_views,
    views,
    waiting_views,
)

urlpatterns = [
    path("open/", open_views.open_from_sales, name="open_from_sales"),
    path("mappings/", views.MappingList.as_view(), name="mappings"),
    path("mappings/synchronize/", buttons.synchronize_selected, name="synchronize_selected"),
    path("mappings/synchronize-all/", buttons.synchronize_all, name="synchronize_all"),
    path("mappings/<int:pk>/", views.MappingCard.as_view(), name="mapping"),
    path("mappings/<int:pk>/synchronize/", buttons.synchronize, name="synchronize"),
    path("mappings/<int:pk>/preview/", buttons.preview, name="preview"),
    path("mappings/<int:pk>/match/", buttons.match, name="match"),
    path("couplings/", coupling_views.CouplingList.as_view(), name="couplings"),
    path(
        "couplings/synchronize/",
        coupling_buttons.synchronize_couplings,
        name="synchronize_couplings",
    ),
    path("couplings/delete/", coupling_buttons.delete_couplings, name="delete_couplings"),
    path("couplings/salespeople/", salespeople_views.couple_salespeople, name="couple_salespeople"),
    path(
        "couplings/salespeople/save/", salespeople_views.save_salespeople, name="save_salespeople"
    ),
    path(
        "couplings/salespeople/uncouple/",
        salespeople_views.uncouple_salespeople,
        name="uncouple_salespeople",
    ),
    path(
        "couplings/salespeople/create/",
        salespeople_views.create_salespeople,
        name="create_salespeople",
    ),
    path(
        "couplings/salespeople/team/",
        salespeople_views.add_salespeople_to_team,
        name="add_salespeople_to_team",
    ),
    path("couplings/<int:pk>/", coupling_views.CouplingCard.as_view(), name="coupling"),
    path(
        "couplings/<int:pk>/synchronize/",
        coupling_buttons.synchronize_coupling,
        name="synchronize_coupling",
    ),
    path("couplings/<int:pk>/retry/", coupling_buttons.retry_coupling, name="retry_coupling"),
    path("couplings/<int:pk>/delete/", coupling_buttons.delete_coupling, name="delete_coupling"),
    path(
        "coupled-data-errors/", coupling_views.CouplingErrorList.as_view(), name="coupling_errors"
    ),
    path("coupled-data-errors/retry/", coupling_buttons.retry_couplings, name="retry_couplings"),
    path("coupled-data-errors/retry-all/", coupling_buttons.retry_all, name="retry_all"),
    path("coupled-data-errors/find-deleted/", deletion_buttons.find_deleted, name="find_deleted"),
    path("coupled-data-errors/restore/", deletion_buttons.restore_records, name="restore_records"),
    path("option-errors/", waiting_views.OptionErrorList.as_view(), name="option_errors"),
    path("option-errors/retry/", coupling_buttons.retry_options, name="retry_options"),
    path(
        "pending-couplings/", waiting_views.PendingCouplingList.as_view(), name="pending_couplings"
    ),
    path("pending-couplings/retry/", coupling_buttons.retry_pending, name="retry_pending"),
]
