"""Which of its results a successful run has lost."""

from bot.domain.jobs.lost_results import results_not_stored
from bot.errors import Missing, Refused
from bot.ports.artifacts import Artifacts
from trainer.contract import MANIFEST_JSON

MANIFEST_BYTES = 256 * 1024


async def not_stored(artifacts: Artifacts, prefix: str) -> str:
    """Name them, from the run's manifest below `prefix`; "" if there are none, or no manifest.

    Raises `Unavailable` while the store does not answer.
    """
    try:
        manifest = await artifacts.read(prefix + MANIFEST_JSON, limit=MANIFEST_BYTES)
    except (Missing, Refused):
        return ""
    return results_not_stored(manifest)
