"""Development settings with a channel layer that can be told to lose everything."""

from mymary_site.settings.dev import *  # noqa: F403
from mymary_site.settings.mary import CHANNEL_LAYERS

CHANNEL_LAYERS = {"default": CHANNEL_LAYERS["default"] | {"BACKEND": "tests.droppy_layer.DroppyLayer"}}
