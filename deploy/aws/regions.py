"""`python -m deploy.aws.regions`: for each region, whether it takes the stack, with which instance types and zones.

It asks AWS, as `up` and `make deploy` do for `aws.region`, and creates nothing.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from bot.config.loading import Config, load
from bot.errors import ConfigError
from deploy.aws.cloudformation import ClientOf, StackError, clients
from deploy.aws.offers import KINDS, Choice, NotEnabledError, NoTypeError, Offer, ask, choose, grouped, stack_zones
from deploy.aws.parameters import used_queues

_AT_ONCE = 8
_NONE = "-"
_HEADER = ("region", "stack", *KINDS, "left out", "zones")
ClientsOf = Callable[[Config], ClientOf]


def main(arguments: list[str] | None = None, clients_of: ClientsOf = clients) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.aws.regions", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config.toml"), help="the bot's settings (config.toml)")
    parser.add_argument("regions", nargs="*", metavar="REGION", help="regions to ask (all in which AWS Batch runs)")
    given = parser.parse_args(arguments)
    try:
        config = load(given.config)
        for line in table(config, given.regions or batch_regions(config.aws.region), clients_of):
            sys.stdout.write(f"{line}\n")
    except (ConfigError, BotoCoreError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def decide(config: Config, clients_of: ClientsOf = clients) -> Choice:
    """What the stack takes of its region. Raises StackError, before anything is created, and botocore's errors."""
    _check_name(config.aws.region)
    client = clients_of(config)
    ec2 = client("ec2")
    offer = ask(ec2, config.deploy)
    _check_batch(client)
    existing = stack_zones(ec2, config.deploy.stack)
    try:
        return choose(config.deploy, used_queues(config), offer, existing)
    except NoTypeError as error:
        found = sorted(_regions_with(config, error.types, clients_of))
        others = (
            f"Regions with one of your types: {', '.join(found)}."
            if found
            else "No other region of the account has them."
        )
        raise StackError(f"{error} {others}") from error


def described(choice: Choice) -> str:
    """What the stack takes and what it leaves out, a line for each queue."""
    lines = [f"Region {choice.region}, zones {', '.join(choice.zones)}"]
    for kind, types in choice.kept.items():
        taken = ", ".join(types) if types else "no machine, so there is no such queue"
        lines.append(f"  {kind}: {taken}")
        lines += [f"    left out: {each}" for each in grouped(choice.left_out[kind])]
    return "\n".join(lines)


def batch_regions(region: str) -> list[str]:
    """The regions of the same partition in which AWS Batch runs, as far as botocore knows."""
    session = boto3.Session()
    by_partition = {each: _regions(session, "batch", each) for each in session.get_available_partitions()}
    return next((names for names in by_partition.values() if region in names), by_partition["aws"])


def _regions(session: boto3.Session, service: str, partition: str) -> list[str]:
    return sorted(session.get_available_regions(service, partition))


def table(config: Config, regions: Sequence[str], clients_of: ClientsOf = clients) -> Iterator[str]:
    """Lines of a Markdown table, a row for each region."""
    yield _row(_HEADER)
    yield _row(["---"] * len(_HEADER))
    for region, answer in _ask_all(config, regions, clients_of):
        yield _row(_cells(config, region, answer))


def _ask_all(
    config: Config, regions: Iterable[str], clients_of: ClientsOf
) -> Iterator[tuple[str, Offer | StackError | BotoCoreError | ClientError]]:
    # Clients are made here: a session must not be used by several threads.
    # https://docs.aws.amazon.com/boto3/latest/guide/session.html
    made = [(region, clients_of(_in_region(config, region))("ec2")) for region in regions]

    def answer(ec2: object) -> Offer | StackError | BotoCoreError | ClientError:
        try:
            return ask(ec2, config.deploy)
        except (StackError, BotoCoreError, ClientError) as error:
            return error

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from zip((region for region, _ in made), pool.map(answer, (ec2 for _, ec2 in made)), strict=True)


def _cells(config: Config, region: str, answer: Offer | StackError | BotoCoreError | ClientError) -> list[str]:
    if isinstance(answer, NotEnabledError):
        return [region, "not enabled", *[_NONE] * (len(_HEADER) - 2)]
    if not isinstance(answer, Offer):
        return [region, f"not known: {answer}", *[_NONE] * (len(_HEADER) - 2)]
    try:
        accepted, choice = "yes", choose(config.deploy, used_queues(config), answer)
    except NoTypeError as error:
        accepted, choice = f"no {error.kind} machine", error.choice
    except StackError as error:
        return [region, f"no: {error}", *[_NONE] * (len(_HEADER) - 2)]
    left_out = dict.fromkeys(name for reasons in choice.left_out.values() for name in reasons)
    kept = [", ".join(choice.kept[kind]) or _NONE for kind in KINDS]
    return [region, accepted, *kept, ", ".join(left_out) or _NONE, ", ".join(choice.zones)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _check_name(region: str) -> None:
    session = boto3.Session()
    known = [name for each in session.get_available_partitions() for name in _regions(session, "ec2", each)]
    if region not in known:
        near = ", ".join(get_close_matches(region, known)) or ", ".join(batch_regions(region))
        raise StackError(
            f"aws.region: there is no region {region}. Did you mean {near}? If it is new, upgrade boto3: "
            "`.venv/bin/python -m pip install --upgrade boto3`."
        )


def _check_batch(client: ClientOf) -> None:
    batch = client("batch")
    try:
        batch.describe_compute_environments(maxResults=1)
    except EndpointConnectionError as error:
        region = batch.meta.region_name
        raise StackError(
            f"AWS Batch doesn't run in {region}, or can't be reached ({error}). "
            f"It runs in {', '.join(batch_regions(region))}."
        ) from error
    except ClientError:
        return  # it runs there; whether the stack may be created is CloudFormation's to say


def _regions_with(config: Config, types: Iterable[str], clients_of: ClientsOf) -> Iterator[str]:
    wanted = set(types)
    for region, answer in _ask_all(config, batch_regions(config.aws.region), clients_of):
        if isinstance(answer, Offer) and any(answer.types.get(name) for name in wanted):
            yield region


def _in_region(config: Config, region: str) -> Config:
    return config.model_copy(update={"aws": config.aws.model_copy(update={"region": region})})


if __name__ == "__main__":
    sys.exit(main())
