from itertools import pairwise
from pathlib import Path

import pytest
import torch

import trainer
from trainer import mnist
from trainer.contract import Env
from trainer.mnist import Net, split
from trainer.reference import hardware
from trainer.reference.data import Pictures

LEARNS = ["--lr", "0.1", "--momentum", "0.5"]


@pytest.fixture(autouse=True)
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(Env.OUTPUT_DIR, str(tmp_path))
    monkeypatch.delenv(Env.CONTROL_DIR, raising=False)
    torch.set_num_threads(1)
    return tmp_path


def rows(output: Path) -> list[dict[str, float]]:
    header, *lines = (output / "metrics.csv").read_text().splitlines()
    return [dict(zip(header.split(","), map(float, line.split(",")), strict=True)) for line in lines]


def counting(number: int) -> Pictures:
    """Pictures whose labels are their indices."""
    return Pictures(torch.zeros(number, 1, 8, 8), torch.arange(number))


def test_net_is_that_of_the_baseline() -> None:
    assert sum(each.numel() for each in Net(28).parameters()) == 1_199_882
    assert Net(28)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(1)
    net = Net(8).train()
    for dropped in (64, 128):
        features = net._dropout(torch.ones(100_001), dropped)
        assert (features == 0).float().mean().item() == pytest.approx(dropped / 256, abs=0.01)
        assert features.mean().item() == pytest.approx(1, abs=0.02)
    assert torch.equal(net.eval()._dropout(torch.ones(10), 128), torch.ones(10))


def test_split_is_that_of_the_baseline() -> None:
    """`random_split` of 60,000 into 48,000 and 12,000, with a generator seeded by 1008."""
    [(training, validation)] = split(counting(60_000), 1)
    order = torch.randperm(60_000, generator=torch.Generator().manual_seed(1008))
    assert torch.equal(training.labels, order[:48_000])
    assert torch.equal(validation.labels, order[48_000:])


def test_each_picture_validates_exactly_one_fold() -> None:
    folds = list(split(counting(103), 5))
    assert sorted(torch.cat([validation.labels for _, validation in folds]).tolist()) == list(range(103))
    for training, validation in folds:
        assert sorted([*training.labels.tolist(), *validation.labels.tolist()]) == list(range(103))


def test_training_learns_and_writes_the_three_columns_first(output: Path) -> None:
    mnist.main([*LEARNS, "--epochs", "4"])
    assert (output / "metrics.csv").read_text().startswith("train_loss,val_loss,val_accuracy,epoch\n")
    found = rows(output)
    assert [row["epoch"] for row in found] == [1, 2, 3, 4]
    assert found[-1]["val_accuracy"] > 85
    assert all(before["train_loss"] > after["train_loss"] for before, after in pairwise(found))


def test_same_seed_gives_the_same_bits_and_another_does_not(output: Path) -> None:
    outcomes = []
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(Env.OUTPUT_DIR, str(output / name))
            mnist.main([*LEARNS, "--epochs", "2", "--seed", seed])
        outcomes.append(((output / name / "metrics.csv").read_bytes(), (output / name / "model.pt").read_bytes()))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] != outcomes[2][0]


def test_resumed_run_ends_with_the_same_bits(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(Env.OUTPUT_DIR, str(output / "whole"))
    mnist.main([*LEARNS, "--epochs", "4"])
    monkeypatch.setenv(Env.OUTPUT_DIR, str(output / "parts"))
    mnist.main([*LEARNS, "--epochs", "2"])
    mnist.main([*LEARNS, "--epochs", "4"])
    for name in ("metrics.csv", "model.pt"):
        assert (output / "parts" / name).read_bytes() == (output / "whole" / name).read_bytes()


def test_training_stops_early_and_keeps_the_best_epoch(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mnist.main(["--lr", "0", "--epochs", "9", "--patience", "2", "--min_delta", "0.5"])
    assert len(rows(output)) == 3
    assert "at epoch 1; the best weights are in model.pt" in capsys.readouterr().out


def test_zero_patience_never_stops_early(output: Path) -> None:
    mnist.main(["--lr", "0", "--epochs", "3", "--patience", "0", "--min_delta", "0.5"])
    assert len(rows(output)) == 3


def test_best_weights_are_saved_not_the_last(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([0.5, 0.25, 0.75])
    monkeypatch.setattr(mnist.Trainer, "validate", lambda *_: (next(losses), 50.0))
    mnist.main([*LEARNS, "--epochs", "3"])
    best = torch.load(output / "model.pt", weights_only=True)
    state = trainer.checkpoint.load()
    assert state is not None
    assert torch.equal(best["last.weight"], state["best"]["net"]["last.weight"])
    assert not torch.equal(best["last.weight"], state["trainer"]["net"]["last.weight"])


def test_folds_are_reported_and_summarized(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mnist.main([*LEARNS, "--epochs", "2", "--folds", "3"])
    assert [(row["fold"], row["epoch"]) for row in rows(output)] == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)]
    assert "over 3 folds" in capsys.readouterr().out


def test_single_fold_has_the_same_bits_as_among_all(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = [*LEARNS, "--epochs", "2", "--folds", "3"]
    monkeypatch.setenv(Env.OUTPUT_DIR, str(output / "all"))
    mnist.main(arguments)
    together = rows(output / "all")
    for fold in range(3):
        monkeypatch.setenv(Env.OUTPUT_DIR, str(output / f"{fold}"))
        mnist.main([*arguments, "--fold", f"{fold}"])
        assert [{**row, "fold": fold + 1} for row in rows(output / f"{fold}")] == together[2 * fold : 2 * fold + 2]


def test_interrupted_single_fold_resumes(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = [*LEARNS, "--folds", "3", "--fold", "1"]
    monkeypatch.setenv(Env.OUTPUT_DIR, str(output / "whole"))
    mnist.main([*arguments, "--epochs", "3"])
    monkeypatch.setenv(Env.OUTPUT_DIR, str(output / "parts"))
    with monkeypatch.context() as patch:
        patch.setattr(mnist.checkpoint, "wanted", interrupted_after(2))
        with pytest.raises(KeyboardInterrupt):
            mnist.main([*arguments, "--epochs", "3", "--checkpoint_every", "99"])
    mnist.main([*arguments, "--epochs", "3"])
    for name in ("metrics.csv", "model.pt"):
        assert (output / "parts" / name).read_bytes() == (output / "whole" / name).read_bytes()


@pytest.mark.parametrize("fold", ["-2", "3"])
def test_fold_out_of_range_is_refused(fold: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        mnist.main(["--folds", "3", "--fold", fold])
    assert f"--fold must be -1 to 2 with --folds 3 (got {fold})" in capsys.readouterr().err


def test_interrupted_folds_resume(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = [*LEARNS, "--epochs", "2", "--folds", "2"]
    monkeypatch.setenv(Env.OUTPUT_DIR, str(output / "whole"))
    mnist.main(arguments)
    monkeypatch.setenv(Env.OUTPUT_DIR, str(output / "parts"))
    with monkeypatch.context() as patch:
        patch.setattr(mnist.checkpoint, "wanted", interrupted_after(3))
        with pytest.raises(KeyboardInterrupt):
            mnist.main([*arguments, "--checkpoint_every", "99"])
    mnist.main(arguments)
    for name in ("metrics.csv", "model.pt"):
        assert (output / "parts" / name).read_bytes() == (output / "whole" / name).read_bytes()


@pytest.mark.parametrize("folds", ["1", "2"])
def test_lost_model_file_is_written_again_from_the_checkpoint(
    output: Path, monkeypatch: pytest.MonkeyPatch, folds: str
) -> None:
    losses = iter([0.25, 0.5, 0.75, 0.75])
    monkeypatch.setattr(mnist.Trainer, "validate", lambda *_: (next(losses), 50.0))
    arguments = [*LEARNS, "--epochs", "2", "--folds", folds]
    mnist.main(arguments)
    stored = (output / "model.pt").read_bytes()
    (output / "model.pt").unlink()
    mnist.main(arguments)
    assert (output / "model.pt").read_bytes() == stored


def interrupted_after(epochs: int) -> object:
    """Want a checkpoint after each of `epochs` epochs, then end the process."""
    calls = []

    def wanted() -> bool:
        calls.append(True)
        if len(calls) > epochs:
            raise KeyboardInterrupt
        return True

    return wanted


def test_bf16_is_chosen_only_where_it_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for flags, side, expected in (({"amx_bf16"}, 28, True), ({"avx512_bf16"}, 28, False), ({"amx_bf16"}, 8, False)):
        monkeypatch.setattr(hardware, "cpu_flags", lambda flags=flags: frozenset(flags))
        assert hardware.choose("auto", side).bf16 is expected
    assert hardware.choose("bf16", 8).bf16
    assert not hardware.choose("fp32", 28).bf16
