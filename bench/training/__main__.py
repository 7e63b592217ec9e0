"""The reference training against the baseline (`baseline.py`): seconds per epoch, and accuracy after equal epochs.

    python -m bench.training [--isa amx|avx512|avx2] [--pictures 6000] [--epochs 3] [--seeds 3] [--threads 2]

Both train the same net on the same pictures, turn by turn in one process, and the fastest epoch of each counts:
whatever else the machine does slows both down. The pictures are scikit-learn's digits, enlarged to 28x28 and placed
at random, as many as `--pictures`; MNIST itself has 60,000. `--isa` limits the instructions that the CPU may use.
"""

import argparse
import statistics

from bench.training.comparison import INSTRUCTION_SETS, Comparison, Options, compare


def main() -> None:
    default = Options()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--isa", choices=list(INSTRUCTION_SETS), help="default: all, one after another")
    for name, value in (("pictures", default.pictures), ("epochs", default.epochs), ("seeds", default.seeds)):
        parser.add_argument(f"--{name}", type=int, default=value, help=f"default: {value}")
    parser.add_argument("--threads", type=int, default=default.threads, help="default: one per core")
    given = parser.parse_args()
    options = Options(given.pictures, given.epochs, given.seeds, given.threads)
    for isa in [given.isa] if given.isa else INSTRUCTION_SETS:
        print(describe(isa, options, compare(isa, options)), flush=True)


def describe(isa: str, options: Options, found: Comparison) -> str:
    """Describe a comparison in four lines."""
    lines = [f"\n{isa}: {found.hardware}; {options.pictures:,} pictures of 28x28, an epoch with its validation"]
    for name, times in (("baseline", found.baseline), ("trainer.mnist", found.reference)):
        accuracies = " ".join(f"{accuracy:.2f}" for accuracy in times.accuracies)
        best, middle = min(times.seconds), statistics.median(times.seconds)
        lines.append(
            f"  {name:16} {best:6.2f} s best, {middle:6.2f} s median    "
            f"accuracy after {options.epochs} epochs: {accuracies}"
        )
    lines.append(f"  faster by {found.speedup:.2f}x at best, {found.median_speedup:.2f}x at the median")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
