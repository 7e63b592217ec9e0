"""Two bots in one account: their templates, which a test compares with what the CDK makes.

Both have a host, a project `mnist` and a secret, so only the names of stack and bot differ.
"""

import tomllib
from pathlib import Path

from bot.config.loading import Config
from tests.deploy.aws.template import EXAMPLE

PATHS = {name: Path(__file__).parent / f"{name}.json" for name in ("signalbox", "signalbox-two")}
"""By the name of the stack and of its bot. One begins like the other."""


def config(name: str) -> Config:
    content = tomllib.loads(EXAMPLE.read_text())
    content["bot"] = {**content.get("bot", {}), "name": name}
    content["deploy"] |= {"stack": name, "host": "t4g.small"}
    content["projects"]["mnist"]["secrets"] = ["WANDB_API_KEY"]
    return Config.model_validate(content)
