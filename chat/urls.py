"""The pages. Talking itself goes over WebSocket (chat.routing), everything else they show over /api/v1/."""

from django.urls import path
from django.views.i18n import set_language

from chat import views

app_name = "chat"
urlpatterns = [
    path("", views.home, name="home"),
    path("characters/", views.pick_character, name="characters"),
    path("counsels/<uuid:counsel_id>/", views.show_room, name="room"),
    path("privacy/", views.show_privacy, name="privacy"),
    path("safety/", views.show_safety, name="safety"),
    path("language/", set_language, name="language"),
]
