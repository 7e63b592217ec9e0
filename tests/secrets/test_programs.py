"""However a program prints a name and its value, less than half of the value is shown."""

import random
import sys
from collections import Counter

import pytest

from tests.secrets.programs import VALUES, WAYS
from trainer.redaction.stream import LineRedactor, redacted


def _leaks(seed: int, each: int) -> Counter[str]:
    numbers, leaks = random.Random(seed), Counter[str]()
    for way, write in WAYS.items():
        for name, make in VALUES.items():
            for _ in range(each):
                value = make(numbers)
                text = write(name, value)
                redactor = LineRedactor()
                by_line = "\n".join(redactor.redact(line) for line in text.split("\n"))
                leaks[f"{way}: {name}"] += _is_shown(value, redacted(text)) or _is_shown(value, by_line)
    return +leaks


def _is_shown(value: str, text: str) -> bool:
    half = len(value) // 2
    return any(value[begin : begin + half] in text for begin in range(len(value) - half + 1))


@pytest.mark.parametrize("seed", range(3))
def test_value_is_not_shown_however_a_program_prints_it(seed: int) -> None:
    assert _leaks(seed, 1) == Counter()


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.timeout(900)  # on a machine that is busy with others
def test_values_of_all_kinds_and_ways_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    leaks = _leaks(99, 20)
    with capsys.disabled():
        count = len(VALUES) * len(WAYS) * 20
        sys.stdout.write(f"\n{count:,} values of {len(VALUES)} kinds in {len(WAYS)} ways: shown {leaks.total()}\n")
    assert leaks.total() <= count // 5_000, leaks
