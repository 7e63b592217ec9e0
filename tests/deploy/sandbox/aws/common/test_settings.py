import pytest

from deploy.sandbox.aws.common.settings import Knobs, Settings, SettingsError, parse
from deploy.sandbox.aws.requests import faults
from deploy.sandbox.aws.requests.faults import FaultError


def test_an_unknown_setting_is_named_with_the_valid_ones() -> None:
    with pytest.raises(SettingsError, match=r"log_flush: .*given 1\. Valid settings: images, .*log_flush_seconds"):
        parse({"log_flush": 1})


def test_an_impossible_value_is_named() -> None:
    with pytest.raises(SettingsError, match=r"stop_timeout_seconds: .* greater than or equal to 0, given -1"):
        parse({"stop_timeout_seconds": -1})


def test_a_change_leaves_the_other_settings() -> None:
    knobs = Knobs(Settings(log_flush_seconds=3, images={"a": ("b", "c")}))
    knobs.change({"stop_timeout_seconds": 1})
    assert (knobs.now.log_flush_seconds, knobs.now.stop_timeout_seconds) == (3, 1)
    assert knobs.now.images == {"a": ("b", "c")}


def test_a_bad_change_changes_nothing() -> None:
    knobs = Knobs(Settings())
    with pytest.raises(SettingsError):
        knobs.change({"starting_seconds": 5, "nonsense": True})
    assert knobs.now == Settings()


def test_settings_survive_json() -> None:
    settings = Settings(images={"a": ("b",)}, capacity_reason="x")
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def test_a_fault_that_is_none_is_refused_with_what_is() -> None:
    with pytest.raises(FaultError, match=r"fault: .*'429', 'status'.* given 'explode'"):
        faults.parse({"action": "SubmitJob", "fault": "explode"})
