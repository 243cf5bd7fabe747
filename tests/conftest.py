"""What every test needs before Django is set up. `make test` gives DATABASE_URL and REDIS_URL of real servers."""

import os

os.environ.setdefault("MARY_SECRET_KEY", "only-for-tests-" * 4)
os.environ.setdefault("MARY_ENGINE", "fake")
