"""`make manage CMD=…`: manage.py with the variables that the processes of a running copy have."""

import os
import sys
from collections.abc import Sequence

from mymary_site.env import REPOSITORY, Env
from mymary_site.stack.embedded import build_embedded
from mymary_site.stack.layout import plan_layout
from mymary_site.stack.owner import find_owner
from mymary_site.stack.refusals import not_running
from mymary_site.stack.run import build_environ
from mymary_site.stack.supervision import Supervision


def run_manage(env: Env, arguments: Sequence[str]) -> int:
    """Becomes manage.py; returns only by raising. Raises Refusal NOT_RUNNING where nothing runs on this port."""
    layout = plan_layout(env.var, env.port, is_root=os.geteuid() == 0)
    if not Supervision(layout.supervisor_socket).is_answering():
        raise not_running(env.port)
    embedded = build_embedded(
        layout, find_owner(), with_postgres=env.database_url is None, with_valkey=env.redis_url is None, say=print
    )
    manage = str(REPOSITORY / "manage.py")
    os.execve(sys.executable, [sys.executable, manage, *arguments], build_environ(env, layout, embedded))
