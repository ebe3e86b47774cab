"""What all tests share: the settings of hypothesis, and an environment without a token."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("ci", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", deadline=None, max_examples=2_000, suppress_health_check=list(HealthCheck))
settings.load_profile("ci")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in ("MISSIVE_API_TOKEN", "MISSIVE_BASE_URL", "MISSIVE_LIMITS"):
        monkeypatch.delenv(name, raising=False)
