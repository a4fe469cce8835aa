"""Real servers for every suite that asks for one."""

pytest_plugins = ("tests.services.postgresql", "tests.services.valkey")
