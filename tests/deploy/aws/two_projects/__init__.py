"""A stack for two projects: `template.json`, which a test compares with what the CDK makes of this config."""

import tomllib
from pathlib import Path

from bot.config.loading import Config
from tests.deploy.aws.template import EXAMPLE

PATH = Path(__file__).parent / "template.json"
PROJECTS = ("mnist", "walker")


def config() -> Config:
    """The example's config with a second project. Both have data in the stack's bucket, and a secret."""
    content = tomllib.loads(EXAMPLE.read_text())
    [project] = content["projects"].values()
    bucket = project["bucket"]
    content["projects"] = {
        name: project | {"channels": [number], "data_uri": f"s3://{bucket}/data/{name}", "secrets": ["WANDB_API_KEY"]}
        for number, name in enumerate(PROJECTS, start=1)
    }
    return Config.model_validate(content)
