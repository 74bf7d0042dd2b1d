"""For all tests: property tests that do not fail because the machine is busy, and leave nothing behind."""

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
