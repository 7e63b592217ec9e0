"""The program that chaos's jobs run. It prints `CHAOS_LINES` lines, pausing `CHAOS_PAUSE` s after every `CHAOS_BURST`.

It fails at its end if its `seed` is odd. It imports little and starts in 20 ms, so thousands of jobs are affordable.
"""

import json
import os
import sys
import time
from pathlib import Path


def line(job_id: str, number: int) -> str:
    return f"{job_id} line {number}"


def main() -> int:
    job_id, burst, pause = os.environ["JOB_ID"], int(os.environ["CHAOS_BURST"]), float(os.environ["CHAOS_PAUSE"])
    for number in range(1, int(os.environ["CHAOS_LINES"]) + 1):
        sys.stdout.write(line(job_id, number) + "\n")
        if number % burst == 0:
            sys.stdout.flush()
            time.sleep(pause)
    return seed() % 2


def seed() -> int:
    """The job's seed. A trial in an array finds it as the trainer does, by its index."""
    if "SWEEP_SPACE" in os.environ:
        sys.path.append(str(Path(__file__).parents[3]))
        from trainer.space import number, point  # noqa: PLC0415  only arrays need it, and it takes time

        space = json.loads(os.environ["SWEEP_SPACE"])
        return int(point(space, number(space, int(os.environ["AWS_BATCH_JOB_ARRAY_INDEX"])))["seed"])
    return int(json.loads(os.environ["PARAMETERS"])["seed"])


if __name__ == "__main__":
    sys.exit(main())
