"""A job's image that only prints: `CHAOS_LINES` numbered lines, with `CHAOS_PAUSE` seconds after each `CHAOS_BURST`.

A job or a trial with an odd `seed` fails at its end. It imports little and starts in 20 ms, so that thousands are
affordable.
"""

import json
import os
import sys
import time


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
    """Of a trial in an array it is in the list that all of them have."""
    if "SWEEP_SPACE" in os.environ:
        axes = dict(json.loads(os.environ["SWEEP_SPACE"])["axes"])
        return int(axes["seed"][int(os.environ["AWS_BATCH_JOB_ARRAY_INDEX"])])
    return int(json.loads(os.environ["PARAMETERS"])["seed"])


if __name__ == "__main__":
    sys.exit(main())
