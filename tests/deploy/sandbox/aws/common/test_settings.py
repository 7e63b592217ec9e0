import pytest

from deploy.sandbox.aws.common.settings import LiveSettings, Settings, SettingsError, parse
from deploy.sandbox.aws.requests import faults
from deploy.sandbox.aws.requests.faults import FaultError


def test_unknown_setting_is_reported_with_the_valid_ones() -> None:
    with pytest.raises(SettingsError, match=r"log_flush: .*given 1\. Valid settings: images, .*log_flush_seconds"):
        parse({"log_flush": 1})


def test_invalid_value_is_reported() -> None:
    with pytest.raises(SettingsError, match=r"stop_timeout_seconds: .* greater than or equal to 0, given -1"):
        parse({"stop_timeout_seconds": -1})


def test_change_keeps_the_other_settings() -> None:
    settings = LiveSettings(Settings(log_flush_seconds=3, images={"a": ("b", "c")}))
    settings.change({"stop_timeout_seconds": 1})
    assert (settings.now.log_flush_seconds, settings.now.stop_timeout_seconds) == (3, 1)
    assert settings.now.images == {"a": ("b", "c")}


def test_invalid_change_changes_nothing() -> None:
    settings = LiveSettings(Settings())
    with pytest.raises(SettingsError):
        settings.change({"starting_seconds": 5, "nonsense": True})
    assert settings.now == Settings()


def test_settings_round_trip_through_json() -> None:
    settings = Settings(images={"a": ("b",)}, capacity_reason="x")
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def test_unknown_fault_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(FaultError, match=r"fault: .*'429', 'status'.* given 'explode'"):
        faults.parse({"action": "SubmitJob", "fault": "explode"})
