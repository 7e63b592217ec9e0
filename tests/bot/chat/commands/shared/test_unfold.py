# ruff: noqa: RUF001  full-width letters, as Japanese keyboards type them
import pytest

from bot.chat.commands.shared.unfold import unfold, with_settings
from bot.domain.jobs.unfold_words import unfold_job
from bot.domain.parameters import Kind, Parameter
from bot.errors import BadInput

KNOWN = (
    Parameter("trials", Kind.INT, minimum=1, maximum=100),
    Parameter("search", Kind.CHOICE, choices=("grid", "random")),
    Parameter("stop_losers", Kind.BOOLEAN),
    Parameter("branch", Kind.STRING),
)


def read(**given: object) -> dict[str, object]:
    return unfold(given, "space", ("branch", "commit"), KNOWN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lr=0.1,0.01", {"space": "lr=0.1,0.01"}),
        ("lr=0.1 trials:50", {"space": "lr=0.1", "trials": 50}),
        ("trials:50 lr=0.1", {"space": "lr=0.1", "trials": 50}),
        (
            "lr=0.001..0.1:log:5 search:random stop_losers:true branch:mend",
            {"space": "lr=0.001..0.1:log:5", "search": "random", "stop_losers": True, "branch": "mend"},
        ),
        ('branch:"a b" m=1', {"space": "m=1", "branch": "a b"}),
        ('note="x trials:50",y', {"space": 'note="x trials:50",y'}),
        (r'note="x \" trials:50"', {"space": r'note="x \" trials:50"'}),
        ("lr=1 nothing:5", {"space": "lr=1 nothing:5"}),
        ("lr=1 trials:", {"space": "lr=1 trials:"}),
        ("lr=0.1 Trials:50", {"space": "lr=0.1", "trials": 50}),
        ("ｌｒ＝０．１　ｔｒｉａｌｓ：５０", {"space": "lr=0.1", "trials": 50}),
        ("mytrials:5", {"space": "mytrials:5"}),
    ],
)
def test_options_are_taken_out_of_the_text(text: str, expected: dict[str, object]) -> None:
    assert read(space=text) == expected


def test_what_follows_a_branch_belongs_to_the_text() -> None:
    assert read(space="lr=1", branch="main m=0.5,0.1 trials:7", commit="a1b2 seed=1..3") == {
        "space": "lr=1 m=0.5,0.1  seed=1..3",
        "branch": "main",
        "commit": "a1b2",
        "trials": 7,
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"space": "trials:5 trials:6"}, "`trials` is set twice. Set it once."),
        ({"space": "trials:5", "trials": 4}, "`trials` is set twice. Set it once."),
        ({"space": "trials:x"}, '`trials` must be a whole number from 1 to 100, not "x".'),
        ({"space": "trials:101"}, '`trials` must be a whole number from 1 to 100, not "101".'),
        ({"space": "search:guess"}, '`search` must be grid or random, not "guess".'),
    ],
)
def test_a_mistake_in_unfolded_options_is_an_error(given: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(**given)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("space", "left", "settings"),
    [
        ("lr=0.1,0.01 set:epochs=3 batch=4", "lr=0.1,0.01", "epochs=3 batch=4"),
        ('lr=0.1 set:"epochs=3 note=\\"a b\\"" m=1,2', "lr=0.1 m=1,2", 'epochs=3 note="a b"'),
        ('note="set:x",b', 'note="set:x",b', None),
        ("set=1,2", "set=1,2", None),
    ],
)
def test_set_within_the_space_is_the_option(space: str, left: str, settings: str | None) -> None:
    found = with_settings({"space": space, "trials": 3}, "space")
    assert found == {"space": left, "trials": 3, **({"set": settings} if settings else {})}


def test_set_twice_is_an_error() -> None:
    with pytest.raises(BadInput, match="`set` is set twice"):
        with_settings({"space": "lr=1 set:a=1", "set": "b=2"}, "space")


def test_set_behind_the_job_takes_the_rest_of_the_line() -> None:
    assert unfold_job("k7q2mx lr:0.1 set:epochs=3 m=2") == (["k7q2mx"], {"set": "epochs=3 m=2", "lr": "0.1"})
