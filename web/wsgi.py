"""For gunicorn and other servers: `gunicorn web.wsgi:app`. Due work is run by `guicheng work`."""

from __future__ import annotations

from runtime.bootstrap import Runtime
from runtime.settings import Settings
from web.app import create_app

_runtime = Runtime(Settings())
_runtime.load()
app = create_app(_runtime)
