"""The drawing process for real, and processes in its place that misbehave."""

import asyncio
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bot.adapters.drawing.drawing_process import ProcessFigures
from bot.domain.drawing.figures import (
    BoardRequest,
    Cell,
    Curve,
    Drawing,
    FigureRequest,
    TablesRequest,
    TableSummary,
)
from bot.domain.metrics.progress_rows import Best
from bot.domain.model.space import Axis
from bot.domain.model.trial import TrialState
from bot.domain.parameters import Kind
from bot.errors import Unavailable
from tests.support.projects import PNG

pytestmark = pytest.mark.slow

REQUEST = FigureRequest("mnist", "", (Curve("k7q2mx", b"train_loss,val_accuracy\n1,90\n0.5,95\n"),), "val_accuracy")


def misbehaving(code: str) -> tuple[str, ...]:
    """A command that runs `code` in place of the worker, with `read()` and `answer(*remarks)` at hand."""
    return (
        sys.executable,
        "-c",
        "import os, sys, time\n"
        "from bot.adapters.drawing.drawing_requests import pack_drawing\n"
        "from bot.adapters.processes.frames import LENGTHS\n"
        "from bot.domain.drawing.figures import Drawing\n"
        "def read():\n"
        "    head, body = LENGTHS.unpack(sys.stdin.buffer.read(LENGTHS.size))\n"
        "    return sys.stdin.buffer.read(head + body)\n"
        "def answer(*remarks):\n"
        "    sys.stdout.buffer.write(pack_drawing(Drawing(None, remarks)))\n"
        "    sys.stdout.buffer.flush()\n" + code,
    )


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE}


class TestTheRealOne:
    async def test_draws_again_and_again(self) -> None:
        async with ProcessFigures() as figures:
            drawings = await asyncio.gather(*(figures.draw(REQUEST) for _ in range(3)))
            nothing = await figures.draw(FigureRequest("", "", (Curve("", b""),)))
        assert all(drawing.png is not None and drawing.png.startswith(PNG) for drawing in drawings)
        assert nothing == Drawing(None, ("The file is empty.",))

    async def test_draws_a_sweep_of_ten_thousand_points_within_its_time(self) -> None:
        values = tuple(range(100))
        axes = (Axis("a", Kind.INT, values), Axis("b", Kind.INT, values))
        cells = tuple(Cell((n // 100, n % 100), TrialState.SUCCEEDED, float(n)) for n in range(10_000))
        async with ProcessFigures() as figures:
            drawing = await figures.board(BoardRequest("", "", axes, cells, "val_accuracy"))
        assert drawing.png is not None

    async def test_is_replaced_when_it_was_killed(self) -> None:
        before = children()
        async with ProcessFigures() as figures:
            (worker,) = children() - before
            psutil.Process(worker).kill()
            assert (await figures.draw(REQUEST)).png is not None

    async def test_leaves_no_process_behind(self) -> None:
        before = children()
        async with ProcessFigures() as figures:
            await figures.draw(REQUEST)
        assert children() == before

    async def test_ends_when_the_bot_is_gone(self) -> None:
        worker = subprocess.Popen(
            [sys.executable, "-m", "bot.adapters.drawing.drawing_worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        out, _ = await asyncio.to_thread(worker.communicate)
        assert (out, worker.returncode) == (b"", 0)

    def test_matplotlib_stays_out_of_the_bot(self) -> None:
        module = "bot.adapters.drawing.drawing_process"
        code = f"import sys, {module}; print([m for m in ('matplotlib', 'numpy') if m in sys.modules])"
        out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        assert out == "[]\n"

    def test_a_file_too_large_for_its_memory_is_told(self) -> None:
        code = (
            "from bot.adapters.drawing import drawing_worker as worker\n"
            "from bot.adapters.drawing.drawing_requests import pack_request, unpack_answer\n"
            "from bot.adapters.processes.frames import LENGTHS\n"
            "from bot.domain.drawing.figures import Curve, FigureRequest\n"
            "frame = pack_request(FigureRequest('', '', (Curve('', b'loss\\n' + b'1.5\\n' * 5_000_000),)))\n"
            "head, body = LENGTHS.unpack(frame[:16])\n"
            "parts = frame[16:16 + head], frame[16 + head:]\n"
            "worker.limit_memory(150 * 1024 * 1024)\n"
            "answer = worker.answer(*parts)\n"
            "head, body = LENGTHS.unpack(answer[:16])\n"
            "print(unpack_answer(answer[16:16 + head], answer[16 + head:]))\n"
        )
        out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        assert out == "(Drawing(png=None, remarks=('The file is too large to draw.',), best=None), '')\n"

    async def test_summaries_of_tables_on_disk(self, tmp_path: Path) -> None:
        path = tmp_path / "metrics.csv"
        path.write_bytes(b"step,reward\n10,1.5\n20,2.5\n")
        curves = (Curve("", path), Curve("", b"nothing that is a table"), Curve("", b"epoch,reward\n1,1e400\n"))
        async with ProcessFigures() as figures:
            first, second, third = await figures.summaries(TablesRequest(curves, "reward"))
        assert first == TableSummary(("reward",), Best(2.5, 20, "step"))
        assert (second.columns, second.best, bool(second.problem)) == ((), None, True)
        assert (third.columns, third.best) == (("reward",), None)

    @pytest.mark.parametrize(("tables", "told"), [(1, "too long"), (2, "reading failed")])
    async def test_a_table_that_takes_too_long_has_its_processor_time_and_no_more(
        self, tmp_path: Path, tables: int, told: str
    ) -> None:
        path = tmp_path / "metrics.csv"
        path.write_bytes(b"epoch,val\n" + f"1,tensor({' ' * 200_000}\n".encode() * 20)
        code = (
            "from bot.adapters.drawing import drawing_worker as worker\n"
            "import sys\n"
            "worker.CPU_SECONDS = 2.0\n"
            "worker.serve(sys.stdin.buffer, sys.stdout.buffer)\n"
        )
        async with ProcessFigures(command=(sys.executable, "-c", code)) as figures:
            request = TablesRequest((Curve("", path),) * tables, "val")
            if tables > 1:
                with pytest.raises(Unavailable, match=told):
                    await figures.summaries(request)
            else:
                assert told in (await figures.summaries(request))[0].problem
            assert (await figures.draw(REQUEST)).png is not None, "the process goes on"


class TestOneThatMisbehaves:
    async def test_promises_an_answer_without_end(self) -> None:
        code = "read()\nsys.stdout.buffer.write(LENGTHS.pack(2**40, 2**62)); sys.stdout.buffer.flush(); time.sleep(9)"
        async with ProcessFigures(command=misbehaving(code)) as figures:
            with pytest.raises(Unavailable, match="died"):
                await figures.draw(REQUEST)

    async def test_hangs(self) -> None:
        before = children()
        async with ProcessFigures(seconds=0.2, command=misbehaving("read(); time.sleep(600)")) as figures:
            with pytest.raises(Unavailable, match=r"longer than 0\.2 s"):
                await figures.draw(REQUEST)
            assert children() == before

    async def test_dies_once(self, tmp_path: Path) -> None:
        mark = tmp_path / "died"
        code = f"read()\nif not os.path.exists({str(mark)!r}): open({str(mark)!r}, 'w'); os._exit(9)\nanswer('well')"
        async with ProcessFigures(command=misbehaving(code)) as figures:
            assert await figures.draw(REQUEST) == Drawing(None, ("well",))

    async def test_dies_each_time(self) -> None:
        async with ProcessFigures(command=misbehaving("read(); os._exit(9)")) as figures:
            for _ in range(2):
                with pytest.raises(Unavailable, match="died 2 times"):
                    await figures.draw(REQUEST)

    async def test_does_not_take_what_it_is_sent(self) -> None:
        large = FigureRequest("", "", (Curve("", b"x" * 1_000_000),))
        async with ProcessFigures(command=misbehaving("os._exit(0)")) as figures:
            with pytest.raises(Unavailable, match="died"):
                await figures.draw(large)

    async def test_a_late_answer_is_nobodys(self, tmp_path: Path) -> None:
        asked = tmp_path / "asked"
        code = f"slow = b'slow' in read()\nopen({str(asked)!r}, 'w')\ntime.sleep(5 * slow)\nanswer(f'{{slow=}}')"
        async with ProcessFigures(command=misbehaving(code)) as figures:
            task = asyncio.create_task(figures.draw(FigureRequest("slow", "", ())))
            while not asked.exists():
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            assert await figures.draw(REQUEST) == Drawing(None, ("slow=False",))

    async def test_is_not_told_the_bots_secrets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DISCORD_TOKEN", "secret")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        async with ProcessFigures(command=misbehaving("read(); answer(*os.environ)")) as figures:
            told = (await figures.draw(REQUEST)).remarks
        assert "PATH" in told
        assert not {"DISCORD_TOKEN", "AWS_SECRET_ACCESS_KEY"} & set(told)
