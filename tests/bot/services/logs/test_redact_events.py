"""What comes from the log service is without secrets before anybody reads it."""

import random

from bot.domain.logs.log_lines import LogEvent
from bot.services.logs.redact_events import INLINE, EventRedactor
from tests.secrets.planted import SHAPES, planted, private_key


def _events(lines: list[str], stream: str = "s") -> list[LogEvent]:
    return [LogEvent(f"{stream}-{number}", stream, number, line) for number, line in enumerate(lines)]


async def test_events_without_secrets_are_passed_on() -> None:
    events = _events(["epoch 1 loss 0.5", "epoch 2 loss 0.4"])
    assert await EventRedactor().redact(events) is events


async def test_secrets_of_each_shape_are_replaced_in_small_and_large_pages() -> None:
    numbers = random.Random(3)
    pieces = [planted(shape, numbers) for shape in SHAPES]
    small = _events([f"epoch 1 {piece} end" for piece, _ in pieces])
    large = [*small, *_events(["x" * 1_000] * (INLINE // 1_000), "other")]
    for page in (small, large):
        shown = await EventRedactor().redact(page)
        assert [event.id for event in shown] == [event.id for event in page]
        text = "\n".join(event.message for event in shown)
        assert not [secret for _, secret in pieces if secret in text]


async def test_private_key_that_goes_on_in_the_next_page_is_replaced_in_its_stream_alone() -> None:
    key = private_key(random.Random(1))
    redactor = EventRedactor()
    first = await redactor.redact(_events(["begin", *key[:9]]))
    other = await redactor.redact(_events(["QUJD" * 8, "epoch 2"], "other"))
    last = await redactor.redact(_events([*key[9:], "after"]))
    text = "\n".join(event.message for event in (*first, *last))
    assert not [line for line in key[1:-2] if line in text]
    assert [event.message for event in other] == ["QUJD" * 8, "epoch 2"]
    assert last[-1].message == "after"
