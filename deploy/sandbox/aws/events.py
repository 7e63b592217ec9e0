"""State-change events to EventBridge, and from there to SQS, in the order in which they happened.

https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html. Sent from a thread of their own: moto's
SQS counts every message of the queue for each one that arrives.
"""

import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.events.models import events_backends

from deploy.sandbox.aws.settings import REGION, Knobs

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Change:
    due: float
    detail: dict[str, Any]


class Publisher:
    """`clock` is in seconds since the epoch, as `sleep` is in seconds."""

    def __init__(self, knobs: Knobs, clock: Callable[[], float], sleep: Callable[[float], None] = time.sleep) -> None:
        self._knobs = knobs
        self._clock = clock
        self._sleep = sleep
        self._changes: queue.SimpleQueue[_Change | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def publish(self, detail: dict[str, Any]) -> None:
        """`detail` is what DescribeJobs shows of the job."""
        if self._knobs.now.events:
            self._changes.put(_Change(self._clock() + self._knobs.now.event_delay_seconds, detail))

    def close(self) -> None:
        """What has not been sent yet is lost."""
        self._changes.put(None)
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while (change := self._changes.get()) is not None:
            self._sleep(max(0.0, change.due - self._clock()))
            try:
                events_backends[DEFAULT_ACCOUNT_ID][REGION].put_events([_event(change.detail)])
            except Exception:  # whatever moto makes of a rule or a target, the next event still goes out
                _log.exception("an event was not delivered")


def _event(detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "Source": "aws.batch",
        "DetailType": "Batch Job State Change",
        "Resources": [detail["jobArn"]],
        "Detail": json.dumps(detail),
    }
