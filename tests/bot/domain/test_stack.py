import pytest

from bot.domain import stack
from bot.errors import ConfigError
from deploy.aws import outputs

NAMES = (["mnist"], ["mnist", "my-net", "a_b"], ["x9"])


@pytest.mark.parametrize("projects", NAMES)
def test_both_sides_name_the_same_outputs_for_the_same_settings(projects: list[str]) -> None:
    theirs = {place: str(output) for output, places in outputs.keys(projects).items() for place in places}
    assert stack.places(projects) == theirs


@pytest.mark.parametrize("projects", NAMES)
def test_the_values(projects: list[str]) -> None:
    made = {str(output): f"value of {output}" for output in outputs.keys(projects)}
    assert stack.settings("s", made, projects) == outputs.settings(made, projects)


def test_every_output_that_lacks_is_named() -> None:
    with pytest.raises(ConfigError) as raised:
        stack.settings("mine", {"Region": "eu-west-1", "Bucket": "b", "LogGroup": "g"}, ["my-net"])
    assert str(raised.value).startswith("stack mine: 3 mistakes")
    assert "projects.my-net.job_definition: the stack has no output JobDefinitionMyNet" in str(raised.value)
