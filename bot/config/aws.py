"""`[aws]`."""

from typing import Annotated

from pydantic import Field

from bot.config.section import Section


class Aws(Section):
    """[aws] `endpoint_url` points to a stand-in. Credentials come from the environment."""

    region: str
    endpoint_url: str | None = None
    events_queue_url: str | None = None
    logs_calls_per_second: Annotated[float, Field(gt=0, le=25)] = 5
