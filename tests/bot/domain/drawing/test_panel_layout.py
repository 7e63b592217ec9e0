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
    ],
)
def test_split_and_stem_of_column(column: str, expected: Split, rest: str) -> None:
    assert (split_of(column), stem(column)) == (expected, rest)
