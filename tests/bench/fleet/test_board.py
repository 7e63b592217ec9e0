"""A card, read as people read it."""

from typing import Any

from bench.fleet.board import Best, read

RUNNING = """**Running** · started <t:1795254192:R>
███░░░░░░░ **3,210**/10,000 ended · 500 running · 6,290 waiting
1 failed · 2 without metrics
grid, 10,000 trials
lr 0.0001, 0.00010975 … 1 (100 values)
`main` @ `04696fd` Say how

val_accuracy **98.77** at lr 0.0265609, momentum 0.8 (k7q2mx.6080)
```
      val_accuracy lr
.6080 98.77        0.0265609
.77   9.5          1
```
**1 failed:** ran out of memory: `.36`
19 h 12 min of machine time, $10.10 so far"""
ENDED = """**Finished: 8,766 of 10,000 trials succeeded, 3 min 21 s**
1,234 failed

**1,200 failed the same way:** the command failed — ValueError: 3 .7 failed: no: `.3 .31 …`
**34 failed the same way:** ran out of memory: `.36 .134`"""


def _card(text: str) -> dict[str, Any]:
    return {"content": "", "embeds": [{"title": "mnist sweep k7q2mx", "description": text}]}


def test_the_card_of_a_running_sweep() -> None:
    board = read(_card(RUNNING))
    assert (board.ended, board.failed, board.without_metrics) == (3_210, 1, 2)
    assert board.best == Best(6080, "98.77", "0.0265609", "0.8")
    assert board.leaders == ((6080, "98.77"), (77, "9.5"))
    assert board.failures == ((1, (36,)),)


def test_the_card_of_a_sweep_that_has_ended() -> None:
    board = read(_card(ENDED))
    assert (board.ended, board.failed, board.without_metrics) == (None, 1_234, 0)
    assert (board.best, board.leaders) == (None, ())
    assert board.failures == ((1_200, (3, 31)), (34, (36, 134)))
