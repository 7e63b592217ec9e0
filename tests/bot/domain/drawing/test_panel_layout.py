import pytest

from bot.domain.drawing.panel_layout import Panel, PanelKind, Split, arrange, split_of, stem


def test_losses_then_accuracies_then_other_metrics_alone() -> None:
    columns = ["lr", "val_accuracy", "val_loss", "train_loss", "val_f1", "seconds", "train_f1", "train_acc"]
    assert arrange(columns) == [
        Panel("Loss", PanelKind.LOSS, ("train_loss", "val_loss")),
        Panel("Accuracy", PanelKind.ACCURACY, ("train_acc", "val_accuracy")),
        Panel("lr", PanelKind.OTHER, ("lr",)),
        Panel("f1", PanelKind.OTHER, ("train_f1", "val_f1")),
        Panel("seconds", PanelKind.OTHER, ("seconds",)),
    ]


@pytest.mark.parametrize(
    "columns",
    [
        ("train_loss", "val_loss"),
        ("loss_train", "loss_val"),
        ("Loss/train", "Loss/validation"),
        ("loss", "eval_loss"),
        ("acc/train", "acc/val"),
        ("train_acc", "val_accuracy"),
        ("train_loss_step", "train_loss_epoch", "val_loss"),
        ("train/box_loss", "val/box_loss"),
        ("train/epoch_loss", "validation/epoch_loss"),
        ("metrics/train_f1", "metrics/val_f1"),
    ],
)
def test_one_quantity_shares_a_panel(columns: tuple[str, ...]) -> None:
    (panel,) = arrange(columns)
    assert set(panel.columns) == set(columns)


def test_different_losses_have_panels_of_their_own() -> None:
    columns = [f"{split}/{loss}_loss" for split in ("train", "val") for loss in ("box", "cls", "dfl")]
    assert [panel.columns for panel in arrange(columns)] == [
        (f"train/{loss}_loss", f"val/{loss}_loss") for loss in ("box", "cls", "dfl")
    ]
    assert [panel.title for panel in arrange(columns)] == ["box_loss", "cls_loss", "dfl_loss"]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("loss", PanelKind.LOSS),
        ("train/loss", PanelKind.LOSS),
        ("policyLoss", PanelKind.LOSS),
        ("loss (2)", PanelKind.LOSS),
        ("loss_scale", PanelKind.OTHER),
        ("val_accuracy_top5", PanelKind.ACCURACY),
        ("acc", PanelKind.ACCURACY),
        ("val.acc", PanelKind.ACCURACY),
        ("acceleration", PanelKind.OTHER),
        ("maximum_leg_error", PanelKind.OTHER),
    ],
)
def test_kind_of_column(column: str, kind: PanelKind) -> None:
    assert [panel.kind for panel in arrange([column])] == [kind]


@pytest.mark.parametrize(
    ("column", "expected", "rest"),
    [
        ("train_loss", Split.TRAIN, "loss"),
        ("training/loss", Split.TRAIN, "loss"),
        ("val_f1", Split.VALIDATION, "f1"),
        ("valid-f1", Split.VALIDATION, "f1"),
        ("eval.reward", Split.VALIDATION, "reward"),
        ("test_loss", Split.TEST, "loss"),
        ("loss", Split.OTHER, "loss"),
        ("value_loss", Split.OTHER, "value_loss"),
        ("trainer", Split.OTHER, "trainer"),
        ("loss_train", Split.TRAIN, "loss_"),
        ("Loss/train", Split.TRAIN, "Loss/"),
        ("acc/val", Split.VALIDATION, "acc/"),
        ("metrics/val_acc", Split.VALIDATION, "metrics/acc"),
        ("eval", Split.VALIDATION, "eval"),
        ("evaluation", Split.OTHER, "evaluation"),
    ],
)
def test_split_and_stem_of_column(column: str, expected: Split, rest: str) -> None:
    assert (split_of(column), stem(column)) == (expected, rest)
