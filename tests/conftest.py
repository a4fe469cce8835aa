"""Real servers for every suite that asks for one."""

import os

pytest_plugins = (
    "tests.services.ordering",
    "tests.services.postgresql",
    "tests.services.storage",
    "tests.services.valkey",
)

# The Telegram adapter sets this when it is loaded, and the library looks at it with each call: a test that loads the
# adapter inside of an environment of its own must not take it away from all that come after.
os.environ.setdefault("PTB_TIMEDELTA", "true")
