import pytest

from deploy.sandbox.aws.common.settings import LiveSettings, Settings, SettingsError, parse
from deploy.sandbox.aws.requests import faults
from deploy.sandbox.aws.requests.faults import FaultError


def test_an_unknown_setting_is_named_with_the_valid_ones() -> None:
    with pytest.raises(SettingsError, match=r"log_flush: .*given 1\. Valid settings: images, .*log_flush_seconds"):
        parse({"log_flush": 1})


def test_an_impossible_value_is_named() -> None:
    with pytest.raises(SettingsError, match=r"stop_timeout_seconds: .* greater than or equal to 0, given -1"):
        parse({"stop_timeout_seconds": -1})


def test_a_change_leaves_the_other_settings() -> None:
    settings = LiveSettings(Settings(log_flush_seconds=3, images={"a": ("b", "c")}))
    settings.change({"stop_timeout_seconds": 1})
    assert (settings.now.log_flush_seconds, settings.now.stop_timeout_seconds) == (3, 1)
    assert settings.now.images == {"a": ("b", "c")}


def test_a_bad_change_changes_nothing() -> None:
    settings = LiveSettings(Settings())
    with pytest.raises(SettingsError):
        settings.change({"starting_seconds": 5, "nonsense": True})
    assert settings.now == Settings()


def test_settings_survive_json() -> None:
    settings = Settings(images={"a": ("b",)}, capacity_reason="x")
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def test_a_fault_that_is_none_is_refused_with_what_is() -> None:
    with pytest.raises(FaultError, match=r"fault: .*'429', 'status'.* given 'explode'"):
        faults.parse({"action": "SubmitJob", "fault": "explode"})
