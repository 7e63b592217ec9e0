"""`python -m deploy.sandbox.aws --ready-file F`: run the AWS stand-in until SIGTERM, Ctrl-C or the end of its input."""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from moto.core.models import DEFAULT_ACCOUNT_ID

from deploy.sandbox.aws.common.settings import (
    ACCESS_KEY_ID,
    REGION,
    SECRET_ACCESS_KEY,
    SESSION_TOKEN,
    SettingsError,
    parse,
)
from deploy.sandbox.aws.server import StandIn
from deploy.sandbox.local_access import write_for_owner


def main() -> int:
    arguments = _arguments()
    try:
        settings = parse(json.loads(arguments.settings))
    except (SettingsError, ValueError) as error:
        sys.stderr.write(f"--settings: {error}\n")
        return 2
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if arguments.until_input_ends:
        threading.Thread(target=_await_end_of_input, args=[ended], daemon=True).start()
    stand_in = StandIn(settings)
    stand_in.start()
    write_for_owner(arguments.ready_file, _ready(stand_in))
    ended.wait()
    stand_in.close()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox.aws", description=__doc__)
    parser.add_argument(
        "--ready-file", type=Path, required=True, help="JSON with the address, written once the server listens"
    )
    parser.add_argument("--settings", default="{}", help="JSON: see deploy/sandbox/aws/common/settings.py")
    parser.add_argument(
        "--until-input-ends", action="store_true", help="end when standard input closes, as when the parent dies"
    )
    return parser.parse_args()


def _ready(stand_in: StandIn) -> str:
    document = {
        "pid": os.getpid(),
        "endpoint": stand_in.endpoint,
        "region": REGION,
        "access_key_id": ACCESS_KEY_ID,
        "secret_access_key": SECRET_ACCESS_KEY,
        "session_token": SESSION_TOKEN,
        "account": DEFAULT_ACCOUNT_ID,
    }
    return json.dumps(document, indent=2)


def _await_end_of_input(ended: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    ended.set()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="aws stand-in: %(name)s: %(message)s")
    sys.exit(main())
