"""Where every page of the console hangs."""

from __future__ import annotations

from django.urls import include, path

from integration_admin import (
    audit_verifying,
    audit_views,
    auth,
    encryption_views,
    idle,
    list_views,
    password_views,
    probes,
    recent,
    rights_views,
    tell_me,
    token_views,
    user_views,
    views,
)
from integration_admin.api import door

urlpatterns = [
    path("", views.home, name="home"),
    path("livez", probes.live, name="live"),
    path("readyz", probes.ready, name="ready"),
    path("tell-me/", tell_me.tell_me, name="tell_me"),
    path("styleguide/", views.styleguide, name="styleguide"),
    path("sign-in/", auth.SignIn.as_view(), name="sign_in"),
    path("session/left/", idle.session_left, name="session_left"),
    path("session/confirm/", recent.confirm_sign_in, name="confirm_sign_in"),
    path("session/stay/", idle.stay_signed_in, name="stay_signed_in"),
    path("sign-out/", auth.SignOut.as_view(), name="sign_out"),
    path("companies/<int:pk>/choose/", auth.switch_company, name="switch_company"),
    path("audit-log/", audit_views.AuditLog.as_view(), name="audit_log"),
    path("audit-log/verify/", audit_verifying.verify_audit_log, name="verify_audit_log"),
    path("audit-log/<int:pk>/", audit_views.AuditCard.as_view(), name="audit_entry"),
    path("api-tokens/", token_views.api_tokens, name="api_tokens"),
    path("api-tokens/create/", token_views.create_api_token, name="create_api_token"),
    path("api-tokens/<int:pk>/revoke/", token_views.revoke_api_token, name="revoke_api_token"),
    path("encryption/", encryption_views.encryption, name="encryption"),
    path("encryption/rotate/", encryption_views.rotate_secrets, name="rotate_secrets"),
    path("users/", user_views.UserList.as_view(), name="users"),
    path("users/new/", password_views.new_user, name="new_user"),
    path("users/rights/", rights_views.who_can, name="who_can"),
    path("users/create/", password_views.create_user, name="create_user"),
    path(
        "users/<int:pk>/password-link/",
        password_views.new_password_link,
        name="new_password_link",
    ),
    path("password/", password_views.password, name="password"),
    path("password/change/", password_views.change_password, name="change_password"),
    path(
        "set-password/<uidb64>/<token>/",
        password_views.SetPassword.as_view(),
        name="set_password",
    ),
    path("users/<int:pk>/", user_views.UserCard.as_view(), name="user"),
    path("users/<int:pk>/roles/", user_views.set_user_roles, name="set_user_roles"),
    path("users/<int:pk>/disable/", user_views.disable_user, name="disable_user"),
    path("users/<int:pk>/forget/", user_views.forget_user, name="forget_user"),
    path("users/<int:pk>/sign-out/", user_views.sign_user_out, name="sign_user_out"),
    path("users/<int:pk>/enable/", user_views.enable_user, name="enable_user"),
    path("lists/<slug:name>/export/", list_views.export_list, name="export_list"),
    path("lists/<slug:name>/views/", list_views.list_views, name="list_views"),
    path("lists/<slug:name>/views/save/", list_views.save_view, name="save_view"),
    path("saved-views/<int:pk>/delete/", list_views.delete_view, name="delete_view"),
    path("saved-views/<int:pk>/default/", list_views.default_view, name="default_view"),
    path("api/v1/", door.addresses()),
    path("assisted-setup/", include("integration_admin.guides.urls")),
    path("connections/", include("connections.urls")),
    path("", include("mappings.urls")),
    path("", include("syncjobs.urls")),
]
handler403 = "integration_admin.views.forbidden"
handler500 = "integration_admin.views.failed"
