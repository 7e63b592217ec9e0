import pytest

from bot.domain.drawing.panel_layout import Kind, Panel, Role, arrange, role, stem


def test_losses_first_accuracies_second_and_each_other_metric_alone() -> None:
    columns = ["lr", "val_accuracy", "val_loss", "train_loss", "val_f1", "seconds", "train_f1", "train_acc"]
    assert arrange(columns) == [
        Panel("Loss", Kind.LOSS, ("train_loss", "val_loss")),
        Panel("Accuracy", Kind.ACCURACY, ("train_acc", "val_accuracy")),
        Panel("lr", Kind.OTHER, ("lr",)),
        Panel("f1", Kind.OTHER, ("train_f1", "val_f1")),
        Panel("seconds", Kind.OTHER, ("seconds",)),
    ]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("loss", Kind.LOSS),
        ("train/loss", Kind.LOSS),
        ("policyLoss", Kind.LOSS),
        ("loss (2)", Kind.LOSS),
        ("loss_scale", Kind.OTHER),
        ("val_accuracy_top5", Kind.ACCURACY),
        ("acc", Kind.ACCURACY),
        ("val.acc", Kind.ACCURACY),
        ("acceleration", Kind.OTHER),
        ("maximum_leg_error", Kind.OTHER),
    ],
)
def test_what_a_column_is(column: str, kind: Kind) -> None:
    assert [panel.kind for panel in arrange([column])] == [kind]


@pytest.mark.parametrize(
    ("column", "expected", "rest"),
    [
        ("train_loss", Role.TRAIN, "loss"),
        ("training/loss", Role.TRAIN, "loss"),
        ("val_f1", Role.VALIDATION, "f1"),
        ("valid-f1", Role.VALIDATION, "f1"),
        ("eval.reward", Role.VALIDATION, "reward"),
        ("test_loss", Role.TEST, "loss"),
        ("loss", Role.OTHER, "loss"),
        ("value_loss", Role.OTHER, "value_loss"),
        ("trainer", Role.OTHER, "trainer"),
    ],
)
def test_what_it_was_measured_on(column: str, expected: Role, rest: str) -> None:
    assert (role(column), stem(column)) == (expected, rest)
