import pytest

from bot.domain.money.region_groups import expanded, suggestions
from bot.errors import UnknownName

REGIONS = ("us-east-1", "us-east-2", "eu-west-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3")


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("us", ["us-east-1", "us-east-2"]),
        ("US, eu", ["us-east-1", "us-east-2", "eu-west-1"]),
        ("ja", ["ap-northeast-1", "ap-northeast-3"]),
        ("eu-west-1 us-east-2", ["eu-west-1", "us-east-2"]),
        ("us-east-2 us", ["us-east-2", "us-east-1"]),
        ("us-east-2b", ["us-east-2"]),
        ("all", sorted(REGIONS)),
        ("\uff55\uff53\u3001eu", ["us-east-1", "us-east-2", "eu-west-1"]),
        ("", []),
        (" , ", []),
    ],
)
def test_words_stand_for_regions(text: str, regions: list[str]) -> None:
    assert expanded(text, REGIONS) == regions


@pytest.mark.parametrize("word", ["us-esat-1", "europe", "us-east-22", "us-", "../us"])
def test_an_unknown_region_is_named_with_the_groups(word: str) -> None:
    with pytest.raises(UnknownName) as raised:
        expanded(f"us {word}", REGIONS)
    assert raised.value.given == word
    assert raised.value.valid == ("ap", "eu", "us", "ja", "jp", "all")


def test_a_similar_region_is_named() -> None:
    with pytest.raises(UnknownName, match="Did you mean us-east-1"):
        expanded("us-esat-1", REGIONS)


def test_the_last_word_is_completed() -> None:
    assert suggestions("eu-west-1, us-east", REGIONS)[0] == ("eu-west-1 us-east-1", "eu-west-1 us-east-1")
    assert suggestions("us", REGIONS)[0] == ("us: us-east-1, us-east-2", "us")
    assert ("us us", "us us") not in suggestions("us u", REGIONS)
    assert len(suggestions("", REGIONS)) == len(REGIONS) + 6
