"""The drawing process: reads requests from its standard input, writes pictures to its standard output.

`python -m bot.adapters.drawing.drawing_worker`, started by `drawing_process.py` without the bot's secrets. It ends when
its input does.
"""

import gc
import os
import resource
import signal
import sys
from typing import BinaryIO

from bot.adapters.drawing.boards.board_page import draw_board
from bot.adapters.drawing.curves.figure_page import draw
from bot.adapters.drawing.drawing_requests import pack_drawing, pack_error, unpack_request
from bot.adapters.processes.frames import LENGTHS
from bot.domain.drawing.figures import BoardRequest, Curve, Drawing, FigureRequest

MEMORY_BYTES = 1536 * 1024 * 1024
NICENESS = 5
"""Drawing can wait for the bot, not the bot for drawing."""


def main() -> None:
    os.nice(NICENESS)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a bot that is gone hears no answer: no need to say so
    limit_memory(MEMORY_BYTES)
    draw(FigureRequest("", "", (Curve("", b"epoch,loss\n1,1\n"),)))  # the first figure loads fonts: nobody waits yet
    gc.collect()
    gc.freeze()
    serve(sys.stdin.buffer, sys.stdout.buffer)


def limit_memory(limit: int) -> None:
    """More than so many bytes of data is a MemoryError here, and not a machine without memory."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """One answer for each request, in order, until there are no more."""
    while lengths := requests.read(LENGTHS.size):
        head, body = LENGTHS.unpack(lengths)
        answers.write(answer(requests.read(head), requests.read(body)))
        answers.flush()
        gc.collect()  # a figure is full of cycles: left to itself Python keeps some 45 MB of them


def answer(head: bytes, body: bytes) -> bytes:
    """The drawing, or what went wrong: a request that cannot be drawn must not end the process."""
    try:
        request = unpack_request(head, body)
        return pack_drawing(draw_board(request) if isinstance(request, BoardRequest) else draw(request))
    except MemoryError:
        return pack_drawing(Drawing(None, ("The file is too large to be drawn.",)))
    except Exception as error:  # whatever a strange file brings up; the bot logs it
        return pack_error(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
