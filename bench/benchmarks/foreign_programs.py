"""Training programs that know nothing of Signalbox, each run as a job of one sandbox bot."""

from collections.abc import Iterable, Sequence

from bench.programs.listed import PROGRAMS
from bench.programs.listing import CHANGED_LINES, cells, config_lines
from bench.programs.observe import AT_ONCE, EPOCH_SECONDS, Observed, observe
from bench.programs.program import Program
from bench.report.figures import Benchmark, Figure, Result

SMALL = ("nanoGPT", "YOLO, results.csv", "cleanrl, TensorBoard")


async def run(*, small: bool) -> Result:
    """Run all of them with Discord's limits in force."""
    programs = [each for each in PROGRAMS if each.name in SMALL] if small else PROGRAMS
    observed = await observe(programs)
    return Result(
        figures(observed),
        (
            f"Four epochs of {EPOCH_SECONDS:.0f} s each, {AT_ONCE} jobs at a time. The scripts are in bench/programs.",
            "Live: the project's metric was on the card, as Discord had it, before the job ended.",
            "Right plot: its metric's panel, x axis and best are those that the program's rows have.",
        ),
        [cells(each) for each in observed],
    )


def figures(observed: Sequence[Observed]) -> list[Figure]:
    count = len(observed)
    kept, left = sum(each.kept for each in observed), sum(len(each.program.kept) for each in observed)
    return [
        Figure("programs that ran", sum(each.ran for each in observed), "programs", at_least=count),
        Figure("with a live card", sum(each.live is not None for each in observed), "programs", at_least=count),
        Figure("with the right plot", sum(not each.wrong for each in observed), "programs", at_least=count),
        Figure("files kept of those that they leave", kept, "files", at_least=left),
        Figure("lines of config for each, most", _most(each.program for each in observed), "lines", at_most=1),
        Figure("lines of code changed", CHANGED_LINES, "lines", at_most=0),
    ]


def _most(programs: Iterable[Program]) -> int:
    return max(map(config_lines, programs))


BENCHMARK = Benchmark("programs", "training programs that know nothing of Signalbox", run)
