"""The sampling process: reads requests from standard input and writes answers to standard output.

`sampling_process.py` starts it as `python -m bot.adapters.sampling.sampling_worker [SECONDS]`. It ends when its input
ends, or after SECONDS without a request: with Optuna loaded it takes 50 MB, and some sweeps ask once an hour.
"""

import os
import select
import signal
import sys
import warnings
from typing import BinaryIO

from bot.adapters.processes.frames import read_frame
from bot.adapters.sampling.parameter_importance import importance
from bot.adapters.sampling.sampling_requests import ASK, pack_answer, unpack_request
from bot.adapters.sampling.suggest import ask

IDLE_SECONDS = 120.0
NICENESS = 5
"""Sampling yields to the bot."""


def main(idle: float = IDLE_SECONDS) -> None:
    os.nice(NICENESS)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # if the bot is gone, end without a traceback
    warnings.simplefilter("ignore")  # Optuna's warnings are meant for people who write studies
    serve(sys.stdin.buffer, sys.stdout.buffer, idle)


def serve(requests: BinaryIO, answers: BinaryIO, idle: float) -> None:
    """Answer each request in order, until the input ends or no request comes for `idle` seconds."""
    while select.select([requests], [], [], idle)[0] and (received := read_frame(requests)):
        answers.write(answer(received[0]))
        answers.flush()


def answer(head: bytes) -> bytes:
    """The answer, or the error: a bad request must not end the process."""
    try:
        task, plan, trials, count, goal = unpack_request(head)
        if task == ASK:
            return pack_answer(ask(plan, trials, count, goal))
        return pack_answer(importance(plan, trials, goal))
    except Exception as error:  # anything Optuna may raise; the bot logs it
        return pack_answer(None, f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
