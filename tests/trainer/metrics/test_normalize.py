import pytest

from trainer.metrics.normalize import normalize

BASELINE = b"train_loss,val_loss,val_accuracy\n2.1,1.5,57.5\n1.1,0.6,78.3\n"
WALKING = b"time_elapsed, reward_sum, final_reward\n1.5, -20.25, 3\n2.5, 10, 4\n"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (BASELINE, BASELINE.decode()),
        (WALKING, "time_elapsed,reward_sum,final_reward\n1.5,-20.25,3\n2.5,10,4\n"),
        (b"\xef\xbb\xbfepoch;loss\r\n1;0.5\r\n", "epoch,loss\n1,0.5\n"),
        (b"epoch\tloss\n1\t0.5\n", "epoch,loss\n1,0.5\n"),
        (b",train_loss\n0,2.5\n1,1.5\n", "train_loss\n2.5\n1.5\n"),
        (b'#{"t_start": 1.0}\nr,l,t\n1.5,10,2.5\n', "r,l,t\n1.5,10,2.5\n"),
        (b"0.5,0.25\n0.4,0.2\n", "column_1,column_2\n0.5,0.25\n0.4,0.2\n"),
        (b"epoch,loss\n1,0.5\n\n2,0.4\n3,0.", "epoch,loss\n1,0.5\n2,0.4\n"),
        (b"epoch,loss\n1,0.5\n2\n", "epoch,loss\n1,0.5\n2,\n"),
        (b"# epoch,val_accuracy\n1,0.91\n2,0.95\n", "epoch,val_accuracy\n1,0.91\n2,0.95\n"),
        (b"epoch,loss\n1,nan\n", "epoch,loss\n1,nan\n"),
        (b"epoch,loss\n", "epoch,loss\n"),
        (b"epoch,lo", ""),
        (b"", ""),
        (b"\n\n", ""),
    ],
)
def test_table_becomes_plain_csv(given: bytes, expected: str) -> None:
    assert normalize(given) == expected


def test_binary_content_never_breaks_the_table() -> None:
    assert normalize(bytes(range(256)) + b"\n") == ""
    assert normalize(b'a,"' + 200_000 * b"x" + b"\n") == "", "beyond what a field may hold"


def test_last_row_counts_after_the_end_and_not_before() -> None:
    written = b"epoch,val\n1,90\n2,92\n3,93"
    assert normalize(written, running=True) == "epoch,val\n1,90\n2,92\n"
    assert normalize(written, complete=True) == normalize(written) == "epoch,val\n1,90\n2,92\n3,93\n"
