"""Settings of a stack whose base is so small that a run takes seconds. The base's folder comes by a variable."""

import os
from pathlib import Path

from mymary_site.settings.dev import *  # noqa: F403

MARY_LM_PATH = Path(os.environ["TINY_BASE"])
