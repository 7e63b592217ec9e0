"""The drawing process: reads requests from standard input and writes pictures to standard output.

`drawing_process.py` starts it as `python -m bot.adapters.drawing.drawing_worker`, without the bot's secrets. It
ends when its input ends.
"""

import gc
import os
import resource
import signal
import sys
from typing import BinaryIO

from bot.adapters.drawing.boards.board_page import draw_board
from bot.adapters.drawing.curves.figure_page import draw_figure
from bot.adapters.drawing.drawing_requests import pack_drawing, pack_error, unpack_request
from bot.adapters.processes.frames import read_frame
from bot.domain.drawing.figures import BoardRequest, Curve, Drawing, FigureRequest

MEMORY_BYTES = 1536 * 1024 * 1024
NICENESS = 5
"""Drawing yields to the bot."""


def main() -> None:
    os.nice(NICENESS)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # if the bot is gone, end without a traceback
    limit_memory(MEMORY_BYTES)
    draw_figure(FigureRequest("", "", (Curve("", b"epoch,loss\n1,1\n"),)))  # load fonts before anyone waits
    gc.collect()
    gc.freeze()
    serve(sys.stdin.buffer, sys.stdout.buffer)


def limit_memory(limit: int) -> None:
    """Raise MemoryError here beyond `limit` bytes of data, before the machine runs out of memory."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each request in order, until the input ends."""
    while received := read_frame(requests):
        answers.write(answer(*received))
        answers.flush()
        gc.collect()  # figures are full of cycles: without this, Python holds about 45 MB of them


def answer(head: bytes, body: bytes) -> bytes:
    """The drawing, or the error: a bad request must not end the process."""
    try:
        request = unpack_request(head, body)
        return pack_drawing(draw_board(request) if isinstance(request, BoardRequest) else draw_figure(request))
    except MemoryError:
        return pack_drawing(Drawing(None, ("The file is too large to draw.",)))
    except Exception as error:  # anything that an odd file may cause; the bot logs it
        return pack_error(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
