"""What is said while the text is being typed."""

import pytest

from bot.domain.model.plan import Search
from bot.domain.parameters import Kind, Parameter
from bot.domain.sweeps.grammar import completions, so_far
from tests.bot.domain.sweeps.grammar.declared import DECLARED

TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lr=0.1", "1 trial: lr 1"),
        ("lr=0.1,0.01,0.001 m=0.5,0.1,0.05", f"9 trials: lr 3 {TIMES} momentum 3"),
        ("seed=1..100000", "100,000 trials: seed 100,000"),
        ("lr=", 'lr needs a number from 1e-6 to 1 after "=".'),
        ("lr=0.1,0.2 m=", '2 trials so far; momentum needs a number from 0 to 0.999 after "=".'),
        (
            "lr=0.1,0.2 seed=1..3 optimizer=ad",
            '6 trials so far; optimizer must be sgd or adam, not "ad".',
        ),
        ("lr=0.1,0.2 m", '2 trials so far; Write "=" and values after "m", as in lr=0.1,0.01'),
        ("seed=1..1000000000", "seed has 1,000,000,000 values; at most 100,000 fit."),
        ("", "What should vary? Write name=values, as in lr=0.1,0.01 momentum=0.5,0.9."),
    ],
)
def test_grid_is_counted_while_typing(text: str, said: str) -> None:
    assert so_far(text, DECLARED).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lr=0.001..0.1:log m=0.5,0.9", f"20 trials unless you set trials: lr 0.001..0.1 {TIMES} momentum 2"),
        ("lr=0.1,0.2", "2 trials unless you set trials: lr 2"),
        ("seed=1..3", "3 trials unless you set trials: seed 1..3"),
        ("lr=0.1 m=", 'momentum needs a number from 0 to 0.999 after "=".'),
    ],
)
def test_sampler_shows_its_number_of_trials(text: str, said: str) -> None:
    for search in (Search.RANDOM, Search.TPE):
        assert so_far(text, DECLARED, search) == said


def test_long_hints_are_cut() -> None:
    parameters = [Parameter(f"a_parameter_{number}", Kind.INT) for number in range(20)]
    said = so_far(" ".join(f"{each.name}=1" for each in parameters), parameters)
    assert len(said) == 100
    assert said.startswith("1 trial: a_parameter_0 1")
    assert said.endswith("…")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["lr=", "momentum=", "batch=", "seed=", "shift=", "optimizer=", "augment=", "note="]),
        ("m", ["momentum="]),
        ("momentum", ["momentum="]),
        ("lr=0.1 s", ["lr=0.1 seed=", "lr=0.1 shift="]),
        ("s=1 lr=0.1 m=0.5  o", ["s=1 lr=0.1 m=0.5  optimizer="]),
        ("m=0.5 mom", []),
        ("optimizer=", ["optimizer=sgd", "optimizer=adam"]),
        ("lr=0.1 optimizer=a", ["lr=0.1 optimizer=adam"]),
        ("optimizer=sgd,", ["optimizer=sgd,adam"]),
        ("optimizer=sgd,adam", []),
        ("augment=t", ["augment=true"]),
        ("unknown=", []),
        ("lr=0.1,", []),
        ("lr=0.1, ", []),
        ('note="a m', []),
        ('note="a" b', ['note="a" batch=']),
        ("x" * 101, []),
    ],
)
def test_completions(text: str, expected: list[str]) -> None:
    assert completions(text, DECLARED) == expected


def test_suggestions_stay_within_discords_limits() -> None:
    parameters = [Parameter(f"p{number}", Kind.INT) for number in range(30)]
    assert completions("", parameters) == [f"p{number}=" for number in range(10)]
    assert completions("note=" + "x" * 91 + " o", DECLARED) == []
