"""For every test: machines are slow at times, and a property is no less true then."""

from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("patient"), max_examples=3_000)
settings.load_profile("patient")
