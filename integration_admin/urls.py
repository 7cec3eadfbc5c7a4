"""Where every page of the console hangs."""

from __future__ import annotations

from django.urls import include, path

from integration_admin import auth, views

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", auth.SignIn.as_view(), name="sign_in"),
    path("sign-out/", auth.SignOut.as_view(), name="sign_out"),
    path("companies/<int:pk>/choose/", auth.switch_company, name="switch_company"),
    path("connections/", include("connections.urls")),
    path("", include("mappings.urls")),
    path("", include("syncjobs.urls")),
]
handler403 = "integration_admin.views.forbidden"
handler500 = "integration_admin.views.failed"
