"""Every HTTP route of the product, by who meets it."""

from django.contrib import admin
from django.urls import include, path

from mymary_site.health import answer_health

urlpatterns = [
    path("", include("chat.urls")),
    path("", include("training.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("api/v1/training/", include("training.api.urls")),  # before chat's, whose last route takes whatever is left
    path("api/v1/", include("chat.api.urls")),
    path("admin/", admin.site.urls),
    path("healthz", answer_health, name="health"),
]
