import random
import string

import pytest

from trainer.redaction.redact import redact
from trainer.redaction.wording import falls_by_chance, reads_like_words


@pytest.mark.parametrize(
    "name",
    ["bert-base-uncased", "PreTrainedTokenizerFast", "gradient_accumulation_steps", "WeightedRandomSampler", "", "42"],
)
def test_names_read_like_words(name: str) -> None:
    assert reads_like_words(name)
    assert not falls_by_chance(name)


def test_random_letters_seldom_do() -> None:
    numbers = random.Random(3)
    keys = ["".join(numbers.choices(string.ascii_letters, k=32)) for _ in range(10_000)]
    assert sum(map(reads_like_words, keys)) < 100
    assert sum(map(falls_by_chance, keys)) > 9_000


@pytest.mark.parametrize(
    "secret",
    [
        "SdtWmdmsWOncjhdfxMVdECVZYSJnksFQ",
        "qwzjkxvbnmhgtpqlfkdjzxcvbwrt",
        "gDQRwktj5laubLyQOAmvwDQ3cjxuyOIo.tar.gz",
        "f2f71711388717990906101375887177",
    ],
)
def test_key_that_looks_least_like_one_is_replaced(secret: str) -> None:
    assert redact(f"MLFLOW_TRACKING_TOKEN={secret}") == "MLFLOW_TRACKING_TOKEN=[redacted: secret value]"


def test_key_that_begins_like_a_path_is_replaced() -> None:
    secret = "//JkLhv0IHFtE8zfPBALBYFona/5rTaAJf/GXKFW"
    assert secret not in redact(f"AWS_SECRET_ACCESS_KEY={secret}.png")
    assert (
        redact("token: /home/mika/project_1/data.v2/tokens.json") == "token: /home/mika/project_1/data.v2/tokens.json"
    )
