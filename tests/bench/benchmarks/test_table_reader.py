import pytest

from bench.benchmarks.table_reader import measure
from bench.programs.reading import READERS


@pytest.mark.parametrize("form", READERS)
def test_every_form_is_read_whole(form: str) -> None:
    seconds, memory, size = measure(form, 2_000)
    assert 0 < seconds.measured < 60
    assert 0 <= memory.measured < 500
    assert size.measured > 0.01
