"""What is written; the stack itself is asked in tests/e2e/test_from_stack.py."""

import difflib
import tomllib
from pathlib import Path

import pytest

from bot.config.config_file import written

EXAMPLE = (Path(__file__).parents[3] / "config.example.toml").read_text()


def _changed(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line.startswith(("+ ", "- "))]


def test_the_example_keeps_its_comments_and_its_order() -> None:
    after = written(
        EXAMPLE,
        {
            ("aws", "region"): "eu-west-1",
            ("aws", "events_queue_url"): "https://q",
            ("projects", "mnist", "log_group"): "/s/jobs",
        },
    )
    assert _changed(EXAMPLE, after) == [
        '- region = "us-east-1"',
        '+ region = "eu-west-1"',
        (
            '- # events_queue_url = "https://sqs.us-east-1.amazonaws.com/123456789012/signalbox-events"'
            "  # State changes within 0.2 s"
        ),
        '+ events_queue_url = "https://q"  # State changes within 0.2 s',
        '- # log_group = "/aws/batch/job"            # CloudWatch log group of the job definition',
        '+ log_group = "/s/jobs"            # CloudWatch log group of the job definition',
    ]


def test_writing_the_same_twice_changes_nothing() -> None:
    changes = {("projects", "mnist", "log_group"): "/s/jobs", ("aws", "events_queue_url"): "https://q"}
    once = written(EXAMPLE, changes)
    assert written(once, changes) == once


def test_a_setting_that_is_there_is_not_doubled_by_its_comment() -> None:
    text = '[aws]\n# region = "us-east-1"  # as it was\nregion = "us-west-2"  # ours\n'
    assert written(text, {("aws", "region"): "eu-west-1"}) == text.replace("us-west-2", "eu-west-1")


@pytest.mark.parametrize("section", ["[projects.b]", '[ projects . "b" ]'])
def test_only_the_projects_own_section_is_touched(section: str) -> None:
    text = f'[projects.a]\n# log_group = "/a"\nqueue = "q"\n\n{section}\n# log_group = "/b"\nqueue = "q"\n'
    after = written(text, {("projects", "b", "log_group"): "/new"})
    assert after == text.replace('# log_group = "/b"', 'log_group = "/new"')


def test_a_section_in_comments_is_no_place() -> None:
    text = '[projects.a]\nqueue = "q"\n\n# [projects.b]\n# log_group = "/b"\n'
    after = written(text, {("projects", "a", "log_group"): "/new"})
    assert tomllib.loads(after) == {"projects": {"a": {"queue": "q", "log_group": "/new"}}}
    assert '# log_group = "/b"' in after


def test_a_section_that_is_not_there_is_made() -> None:
    after = written('[projects.a]\nqueue = "q"\n', {("aws", "region"): "eu-west-1"})
    assert tomllib.loads(after) == {"projects": {"a": {"queue": "q"}}, "aws": {"region": "eu-west-1"}}


@pytest.mark.parametrize("text", ['aws.region = "x"\n', 'aws = {region = "x"}\n'])
def test_other_ways_to_write_a_table(text: str) -> None:
    after = written(text, {("aws", "region"): "y", ("aws", "events_queue_url"): "u"})
    assert tomllib.loads(after) == {"aws": {"region": "y", "events_queue_url": "u"}}
