"""Send state-change events to EventBridge, and from there to SQS, in the order in which they happened.

https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html. They are sent from a separate thread, because
moto's SQS is slow. They go to the rules directly: moto's PutEvents compiles eight patterns for each event (5 ms), and
would replace `<id>` and the like in a job's command. Input transformers of targets are ignored.
"""

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.events.models import events_backends
from moto.events.utils import EventMessageType

from deploy.sandbox.aws.common.settings import REGION, LiveSettings

STATE_CHANGE = "Batch Job State Change"
QUEUE_BLOCKED = "Batch Job Queue Blocked"
"""https://docs.aws.amazon.com/batch/latest/userguide/batch-job-queue-blocked-events.html"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Change:
    due: float
    kind: str
    detail: dict[str, Any]


class Publisher:
    """`clock` returns seconds since the epoch; `sleep` takes seconds."""

    def __init__(
        self, settings: LiveSettings, clock: Callable[[], float], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._sleep = sleep
        self._changes: queue.SimpleQueue[_Change | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def publish(self, detail: dict[str, Any], kind: str = STATE_CHANGE) -> None:
        """Queue an event for sending. `detail` is the job as DescribeJobs shows it."""
        if self._settings.now.events:
            self._changes.put(_Change(self._clock() + self._settings.now.event_delay_seconds, kind, detail))

    def close(self) -> None:
        """Stop sending; queued events are lost."""
        self._changes.put(None)
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while (change := self._changes.get()) is not None:
            self._sleep(max(0.0, change.due - self._clock()))
            try:
                self._deliver(change.kind, change.detail)
            except Exception:  # moto may fail on a rule or a target; the next event must still be sent
                _log.exception("an event was not delivered")

    def _deliver(self, kind: str, detail: dict[str, Any]) -> None:
        event: EventMessageType = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": kind,
            "source": "aws.batch",
            "account": DEFAULT_ACCOUNT_ID,
            "time": self._clock(),
            "region": REGION,
            "resources": [detail["jobArn"], *([detail["jobQueue"]] if kind == QUEUE_BLOCKED else [])],
            "detail": detail,
        }
        for rule in list(events_backends[DEFAULT_ACCOUNT_ID][REGION].event_buses["default"].rules.values()):
            if rule.state == "ENABLED":
                rule.send_to_targets(event, transform_input=False)
