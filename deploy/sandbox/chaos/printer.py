"""A job's image that only prints: `CHAOS_LINES` numbered lines, with `CHAOS_PAUSE` seconds after each `CHAOS_BURST`.

A job with an odd `seed` fails at its end. It imports little and starts in 20 ms, so that thousands are affordable.
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
    return int(json.loads(os.environ["PARAMETERS"])["seed"]) % 2


if __name__ == "__main__":
    sys.exit(main())
