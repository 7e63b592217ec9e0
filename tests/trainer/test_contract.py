import json

import pytest

from trainer.contract import (
    METRICS_MARK,
    TROUBLE_MARK,
    ExitCode,
    Trouble,
    array_uri,
    format_metrics,
    format_trouble,
    parse_metrics,
    parse_trouble,
)


@pytest.mark.parametrize("code", list(ExitCode))
def test_trouble_is_parsed_from_its_line(code: ExitCode) -> None:
    trouble = Trouble(code, 'no commit "a1b2"\nanywhere')
    line = format_trouble(trouble)
    assert "\n" not in line
    assert parse_trouble(line) == trouble


@pytest.mark.parametrize(
    "line",
    [
        "hello",
        "@signalbox nonsense",
        '@signalbox {"error": "no-such-error", "message": "x"}',
        "@signalbox [1]",
        '@metrics {"error": "commit-not-found"}',
    ],
)
def test_other_lines_are_not_trouble(line: str) -> None:
    assert parse_trouble(line) is None


def test_exit_codes_differ_from_pythons_shells_and_signals() -> None:
    assert all(64 <= code < 126 for code in ExitCode)


def test_metrics_are_parsed_from_their_line() -> None:
    assert parse_metrics(format_metrics({"epoch": 3, "train_loss": 0.125})) == {"epoch": 3, "train_loss": 0.125}


def test_only_numbers_are_metrics() -> None:
    assert parse_metrics('@metrics {"epoch": 1, "name": "x", "flag": true, "none": null}') == {"epoch": 1}


@pytest.mark.parametrize("line", ["@metrics", "@metrics {", "@metrics 3", '@metrics {"a": "b"}', "@metrics {a: 1}"])
def test_line_without_a_row_is_none(line: str) -> None:
    assert parse_metrics(line) is None


def test_each_trial_of_an_array_has_its_own_prefix() -> None:
    assert array_uri("s3://bucket/jobs/k7", "") == "s3://bucket/jobs/k7/"
    assert array_uri("s3://bucket/jobs/k7/", "12") == "s3://bucket/jobs/k7/12/"


def test_trouble_line_is_json_after_its_mark() -> None:
    assert json.loads(format_trouble(Trouble(ExitCode.COMMIT_NOT_FOUND, "m")).removeprefix("@signalbox ")) == {
        "error": "commit-not-found",
        "message": "m",
    }


@pytest.mark.parametrize(
    "body",
    [
        '{"a": ' + "[" * 100_000,
        '{"a": ' + '{"a": ' * 30_000,
        '{"a": 1, ' * 200_000 + '"b": 1}',
        '{"a": ' + "9" * 5_000 + "}",
        '{\\"a\\": ' + "1" * 1_000_000,
        '{"' + "a" * 1_000_000 + '": 1}',
    ],
)
def test_json_without_end_is_not_metrics(body: str) -> None:
    assert parse_metrics(f"{METRICS_MARK}{body}") is None
    assert parse_trouble(f"{TROUBLE_MARK}{body}") is None


def test_a_row_of_a_thousand_metrics_is_read() -> None:
    values = {f"metric_of_some_length_{number}": 0.123456789 for number in range(1_000)}
    assert parse_metrics(format_metrics(values)) == values


def test_a_reason_is_cut() -> None:
    trouble = parse_trouble(format_trouble(Trouble(ExitCode.DISK_FULL, "x" * 50_000)))
    assert trouble is not None
    assert len(trouble.message) == 1_000
