"""The drawing process: reads requests from standard input and writes answers to standard output.

`drawing_process.py` starts it as `python -m bot.adapters.drawing.drawing_worker`, without the bot's secrets. It
ends when its input ends. What jobs write is read here alone, with little memory and time.
"""

import gc
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from bot.adapters.drawing.boards.board_page import draw_board
from bot.adapters.drawing.costs.cost_page import draw_costs
from bot.adapters.drawing.curves.figure_page import draw_figure
from bot.adapters.drawing.curves.run_curves import opened
from bot.adapters.drawing.drawing_requests import (
    Request,
    pack_drawing,
    pack_error,
    pack_problem,
    pack_summaries,
    unpack_request,
)
from bot.adapters.drawing.spot_page import draw_spot
from bot.adapters.processes.frames import read_frame
from bot.domain.drawing.figures import (
    BoardRequest,
    CostRequest,
    Curve,
    FigureRequest,
    SpotRequest,
    TablesRequest,
    TableSummary,
)
from bot.domain.goal import Goal
from bot.domain.metrics.metrics_table import Table
from bot.domain.metrics.progress_rows import best_in

MEMORY_BYTES = 208 * 1024 * 1024
"""For a request, beside what the process has after its start: the bot and this together fit into 512 MiB."""
CPU_SECONDS = 8.0
"""For a request: a table of 64 MiB takes three."""
TOO_LARGE = "The file is too large to draw."
TOO_SLOW = f"The file takes more than {CPU_SECONDS:.0f} s to read and draw, which is too long."
NICENESS = 5
"""Drawing yields to the bot."""


def main() -> None:
    os.nice(NICENESS)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # if the bot is gone, end without a traceback
    offer_to_the_kernel()
    draw_figure(FigureRequest("", "", (Curve("", b"epoch,loss\n1,1\n"),)))  # load fonts before anyone waits
    gc.collect()
    gc.freeze()
    limit_memory(data_bytes() + MEMORY_BYTES)
    serve(sys.stdin.buffer, sys.stdout.buffer)


def offer_to_the_kernel() -> None:
    """Where memory is short after all, this process ends, and the bot starts another. Without Linux, do nothing.

    https://docs.kernel.org/filesystems/proc.html#proc-pid-oom-adj-proc-pid-oom-score-adj-adjust-the-oom-killer-score
    """
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def data_bytes() -> int:
    """How much memory counts for `limit_memory` already. 0 without Linux, which does not count it."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:")), 0)


def limit_memory(limit: int) -> None:
    """Raise MemoryError here beyond `limit` bytes of data, before the machine runs out of memory."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


class TooSlowError(BaseException):
    """A request has had its processor time. No `except Exception` of a library catches it."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise `TooSlowError` after this much processor time: unlike the time on the clock, it does not depend on load."""

    def stop(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)  # again each second, as one in a destructor is ignored
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each request in order, until the input ends."""
    while received := read_frame(requests):
        answers.write(answer(*received))
        answers.flush()
        gc.collect()  # figures are full of cycles: without this, Python holds about 45 MB of them


def answer(head: bytes, body: bytes) -> bytes:
    """The answer, or the error: a bad request must not end the process."""
    try:
        with cpu_limit(CPU_SECONDS):
            return _answered(unpack_request(head, body))
    except MemoryError:
        problem = TOO_LARGE
    except TooSlowError:
        problem = TOO_SLOW
    except Exception as error:  # anything that an odd file may cause; the bot logs it
        return pack_error(f"{type(error).__name__}: {error}")
    return pack_problem(problem)  # only here, as the error's traceback keeps the memory


def _answered(request: Request) -> bytes:
    match request:
        case CostRequest():
            return pack_drawing(draw_costs(request))
        case BoardRequest():
            return pack_drawing(draw_board(request))
        case SpotRequest():
            return pack_drawing(draw_spot(request))
        case FigureRequest():
            return pack_drawing(draw_figure(request))
        case TablesRequest():
            goal = Goal(request.metric, maximize=request.maximize)
            return pack_summaries([_summary(curve, goal) for curve in request.curves])


def _summary(curve: Curve, goal: Goal) -> TableSummary:
    with opened(curve.csv) as file:
        table = Table.parse(file, curve.column_names)
    problem = "" if table.columns else " ".join(table.remarks)
    return TableSummary(tuple(table.columns), best_in(table, goal), problem)


if __name__ == "__main__":
    main()
