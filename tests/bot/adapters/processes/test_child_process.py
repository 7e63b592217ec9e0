"""A process that echoes, and ones that misbehave."""

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from bot.adapters.processes.child_process import ChildProcess
from bot.adapters.processes.frames import frame
from bot.errors import Unavailable

pytestmark = pytest.mark.slow

READ = (
    "import os, sys, time\n"
    "from bot.adapters.processes.frames import LENGTHS, frame\n"
    "def read():\n"
    "    lengths = sys.stdin.buffer.read(LENGTHS.size)\n"
    "    if not lengths: sys.exit()\n"
    "    head, body = LENGTHS.unpack(lengths)\n"
    "    return sys.stdin.buffer.read(head), sys.stdin.buffer.read(body)\n"
    "def answer(head, body=b''):\n"
    "    sys.stdout.buffer.write(frame(head, body))\n"
    "    sys.stdout.buffer.flush()\n"
)
ECHO = "while True: answer(*read())"


def worker(code: str, seconds: float = 20.0) -> ChildProcess:
    return ChildProcess("echoing", (sys.executable, "-c", READ + code), seconds=seconds)


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE}


async def test_is_started_by_the_first_request_and_kept() -> None:
    before, echo = children(), worker(ECHO)
    assert children() == before
    assert await echo.ask(frame(b"head", b"body")) == (b"head", b"body")
    (first,) = children() - before
    assert await asyncio.gather(*(echo.ask(frame(b"%d" % n)) for n in range(3))) == [
        (b"0", b""),
        (b"1", b""),
        (b"2", b""),
    ]
    assert children() - before == {first}
    await echo.end()
    assert children() == before


async def test_is_started_anew_when_it_has_ended_by_itself() -> None:
    once = worker("answer(*read())")
    for number in range(3):
        assert await once.ask(frame(b"%d" % number)) == (b"%d" % number, b"")
    await once.end()


async def test_is_killed_when_it_takes_too_long() -> None:
    before, slow = children(), worker("read(); time.sleep(600)", seconds=0.3)
    with pytest.raises(Unavailable, match=r"echoing took longer than 0\.3 s"):
        await slow.ask(frame(b""))
    assert children() == before


async def test_a_crash_is_tried_once_more(tmp_path: Path) -> None:
    mark = tmp_path / "crashed"
    dies = f"if not os.path.exists({str(mark)!r}): open({str(mark)!r}, 'w'); os._exit(9)\n"
    crashes = worker(f"head, body = read()\n{dies}answer(head)")
    assert await crashes.ask(frame(b"again")) == (b"again", b"")
    await crashes.end()


async def test_one_that_crashes_each_time_is_given_up() -> None:
    before, crashes = children(), worker("read(); os._exit(9)")
    with pytest.raises(Unavailable, match="echoing process died 2 times"):
        await crashes.ask(frame(b""))
    assert children() == before


async def test_ending_what_was_never_started() -> None:
    await worker(ECHO).end()
