"""Write a stack's outputs into config.toml, keeping its comments and order."""

from pathlib import Path

from rich.console import Console

from bot.adapters.aws.clients import aws_client
from bot.adapters.aws.stack_outputs import stack_outputs
from bot.config.config_file import read, replace, value_at, written
from bot.domain.stack import settings
from bot.errors import ConfigError

DEFAULT_STACK = "signalbox"


async def run(path: Path, stack: str, console: Console) -> None:
    """Update the file; `stack` "" means `deploy.stack`. On a ConfigError or an adapter's error nothing is changed."""
    text, document = read(path, "Copy config.example.toml, and name your project in it")
    stack = stack or str(value_at(document, ("deploy", "stack")) or DEFAULT_STACK)
    region, endpoint = value_at(document, ("aws", "region")), value_at(document, ("aws", "endpoint_url"))
    if not region:
        raise ConfigError(str(path), ["aws.region is missing. Set it to the region of the stack"])
    async with aws_client("cloudformation", str(region), str(endpoint) if endpoint else None) as cloudformation:
        outputs = await stack_outputs(cloudformation, stack)
    projects = [str(name) for name in document.get("projects", {})]
    wanted = settings(stack, outputs, projects)
    changed = {key: value for key, value in wanted.items() if value_at(document, key) != value}
    for key, value in changed.items():
        was = value_at(document, key)
        before = f'"{was}"' if was is not None else "(not set)"
        console.print(f'{".".join(key)}: {before} → "{value}"', markup=False, highlight=False, soft_wrap=True)
    if changed:
        replace(path, written(text, changed))
    console.print(
        f"{len(changed)} of {len(wanted)} settings changed in {path}.", markup=False, highlight=False, soft_wrap=True
    )
