"""The sampling process: reads requests from its standard input, writes answers to its standard output.

`python -m bot.adapters.sampling.sampling_worker [SECONDS]`, started by `sampling_process.py`. It ends when its input
does, and after SECONDS without a request: with Optuna loaded it takes 50 MB, and some sweeps ask once an hour.
"""

import os
import select
import signal
import sys
import warnings
from typing import BinaryIO

from bot.adapters.processes.frames import LENGTHS
from bot.adapters.sampling.parameter_importance import importance
from bot.adapters.sampling.sampling_requests import ASK, pack_answer, unpack_request
from bot.adapters.sampling.suggest import ask

IDLE_SECONDS = 120.0
NICENESS = 5
"""Sampling can wait for the bot, not the bot for sampling."""


def main(idle: float = IDLE_SECONDS) -> None:
    os.nice(NICENESS)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a bot that is gone hears no answer: no need to say so
    warnings.simplefilter("ignore")  # Optuna's are for whoever writes a study by hand
    serve(sys.stdin.buffer, sys.stdout.buffer, idle)


def serve(requests: BinaryIO, answers: BinaryIO, idle: float) -> None:
    """One answer for each request, in order, until there are no more, or none for so long."""
    while select.select([requests], [], [], idle)[0] and (lengths := requests.read(LENGTHS.size)):
        head, body = LENGTHS.unpack(lengths)
        answers.write(answer(requests.read(head + body)[:head]))
        answers.flush()


def answer(head: bytes) -> bytes:
    """What was asked for, or what went wrong: a request that cannot be answered must not end the process."""
    try:
        what, plan, trials, count, goal = unpack_request(head)
        if what == ASK:
            return pack_answer(ask(plan, trials, count, goal))
        return pack_answer(importance(plan, trials, goal))
    except Exception as error:  # whatever Optuna brings up; the bot logs it
        return pack_answer(None, f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
