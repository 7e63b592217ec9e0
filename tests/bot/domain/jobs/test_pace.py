import pytest

from bot.domain.jobs.pace import expected_end
from bot.domain.model.progress import Progress


def progress(
    *, epoch: int | None, epochs: int | None = 10, epochs_seen: int, first: float = 100.0, last: float = 160.0
) -> Progress:
    return Progress(epoch=epoch, epochs=epochs, first_at=first, last_at=last, epochs_seen=epochs_seen)


@pytest.mark.parametrize(
    ("seen", "end"),
    [
        pytest.param(progress(epoch=7, epochs_seen=7), 190.0, id="ten seconds an epoch, three to go"),
        pytest.param(progress(epoch=4, epochs_seen=31), 280.0, id="many rows an epoch"),
        pytest.param(progress(epoch=8, epochs_seen=3), 220.0, id="gone on from a checkpoint"),
        pytest.param(progress(epoch=1, epochs_seen=1, last=100.0), None, id="one row tells no pace"),
        pytest.param(progress(epoch=10, epochs_seen=10), None, id="nothing to go"),
        pytest.param(progress(epoch=3, epochs=None, epochs_seen=3), None, id="no number of epochs"),
        pytest.param(progress(epoch=None, epochs_seen=3), None, id="no epochs at all"),
        pytest.param(Progress(epoch=3, epochs=10, epochs_seen=3), None, id="no times"),
    ],
)
def test_the_end_follows_from_the_pace_so_far(seen: Progress, end: float | None) -> None:
    assert expected_end(seen) == end


def test_the_fraction_of_an_epoch_counts() -> None:
    seen = Progress(epoch=1, epochs=3, epochs_seen=2, first_at=100.0, last_at=120.0, exact=1.5, first_exact=0.5)
    assert expected_end(seen) == 150.0
