"""The bot's config.toml in the sandbox: as on a real server, but with other addresses and a faster pace."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from deploy.sandbox.aws.common.role_credentials import URL, address

BOT_SESSION = "sandbox-bot"

PARAMETERS: dict[str, dict[str, Any]] = {
    "lr": {
        "type": "float",
        "default": 0.1,
        "min": 1e-6,
        "max": 1.0,
        "description": "Learning rate of SGD",
        "aliases": ["learning-rate"],
    },
    "momentum": {
        "type": "float",
        "default": 0.5,
        "min": 0.0,
        "max": 0.999,
        "description": "Momentum of SGD",
        "aliases": ["m"],
    },
    "epochs": {
        "type": "int",
        "default": 10,
        "min": 1,
        "max": 500,
        "description": "Passes over the training data",
    },
    "seed": {"type": "int", "default": 0, "min": 0, "description": "Seed of weights, shuffle and dropout"},
}
QUICK_PACE = {
    "describe": 1.0,
    "logs": 0.4,
    "card": 0.5,
    "thread": 1.5,
    "picture": 1.0,
    "drain": 1.0,
    "lookup": 3.0,
    "plot_deadline": 10.0,
}

# Here one person does what many do on a real server.
LIMITS = dict.fromkeys(
    (
        *("plots_per_minute", "plots_at_once", "files_per_minute", "files_at_once"),
        *("starts_per_minute", "starts_at_once", "starts_per_hour", "others_per_minute", "suggestions_per_minute"),
    ),
    1_000,
)


def write(path: Path, ready: Mapping[str, Any], data_dir: Path) -> None:
    """Write config.toml with the addresses and ids from a ready file."""
    discord, aws, repository = ready["discord"], ready["aws"], ready["repository"]
    gateway = discord["gateway"]
    content = {
        "discord": {"guild_id": int(discord["guild_id"]), "api_url": discord["api"], "gateway_url": gateway},
        "aws": {
            "region": aws["region"],
            "endpoint_url": aws["endpoint"],
            "events_queue_url": aws["events_queue_url"],
            "logs_calls_per_second": 10,
        },
        "bot": {"data_dir": str(data_dir), "http_port": 0, "log_format": "json"},
        "pace": QUICK_PACE,
        "limits": LIMITS,
        "grants": [
            {"roles": ["@everyone"], "may": ["see"]},
            {"roles": [discord["roles"]["trainer"]], "may": ["train", "sweep", "stop own"]},
            {"roles": [discord["roles"]["admin"]], "may": ["train", "sweep", "stop any", "administer"]},
        ],
        "projects": {
            "mnist": {
                "repository": repository["url"],
                "branches": ["main", "wider-net", "broken-loader", "slow-cooker"],
                "command": ["python", "train.py"],
                "queue": aws["queue"],
                "job_definition": aws["job_definition"],
                "bucket": aws["bucket"],
                "log_group": aws["log_group"],
                "channels": [int(discord["channels"]["training"])],
                "timeout_minutes": 10,
                "parameters": PARAMETERS,
            }
        },
    }
    path.write_text(tomli_w.dumps(content))


def environment(ready: Mapping[str, Any], session: str = BOT_SESSION) -> dict[str, str]:
    """The bot's secrets as environment variables, as in production: a role's credentials expire and are renewed.

    `session` is the last part of the ARN as which the bot, its doctor or its restore calls AWS.
    """
    aws = ready["aws"]
    token = {"DISCORD_TOKEN": ready["discord"]["token"]}
    if role := aws.get("bot_role_arn"):
        # Empty, because keys in the environment of whoever starts the sandbox would be used first.
        unset = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "")
        return {**token, **unset, URL: address(aws["endpoint"], role, session)}
    return {
        **token,
        "AWS_ACCESS_KEY_ID": aws["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": aws["secret_access_key"],
        "AWS_SESSION_TOKEN": aws.get("session_token", ""),
    }
