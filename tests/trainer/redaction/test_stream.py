import random

import pytest

from tests.secrets.planted import SHAPES, planted, private_key
from trainer.redaction import known
from trainer.redaction.stream import ChunkRedactor, LineRedactor, redacted

TOKEN = "ghp_0123456789ABCDEFGHIJabcdefghij012345"


@pytest.mark.parametrize("prefix", ["", "2026-11-29 09:51:02,123 INFO train: ", "\t"])
def test_private_key_over_many_lines_is_replaced(prefix: str) -> None:
    for seed in range(20):
        key = private_key(random.Random(seed))
        lines = ["before", *(prefix + line for line in key), "after", "epoch 1"]
        redactor = LineRedactor()
        shown = [redactor.redact(line + "\n").rstrip("\n") for line in lines]
        assert (shown[0], shown[-2:]) == ("before", ["after", "epoch 1"])
        text = "\n".join(shown)
        assert not [line for line in key[1:-2] if line in text]
        assert text.count("[redacted: private key]") >= len(key) - 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"level": "info", "message": "', '", "time": "2026-11-29T09:51:02", "pid": 7}'),
        ("\x1b[32mtrainer | \x1b[0m", "\x1b[0m"),
        ('    key += "', '\\n" +'),
        ("  12: ", ""),
        ("[rank3]: > ", "\r"),
    ],
)
def test_private_key_is_replaced_within_what_a_logger_puts_around_its_lines(before: str, after: str) -> None:
    for seed in range(20):
        key = private_key(random.Random(seed))
        redactor = LineRedactor()
        text = "".join(redactor.redact(f"{before}{line}{after}\n") for line in key)
        assert not [line for line in key[1:-1] if line.rstrip("=") in text]


def test_private_keys_of_putty_and_ssh2_are_replaced() -> None:
    body = private_key(random.Random(3))[1:-1]
    for begin, end in (
        ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", "---- END SSH2 ENCRYPTED PRIVATE KEY ----"),
        (f"Private-Lines: {len(body)}", "Private-MAC: 0123456789abcdef"),
    ):
        text = redacted("\n".join([begin, *body, end, "epoch 1"]))
        assert not [line for line in body if line in text]
        assert text.startswith(begin)
        assert text.endswith("epoch 1")


def test_path_between_the_lines_of_a_key_stays() -> None:
    key = private_key(random.Random(4))
    other = "saved /opt/checkpoints/experiments/baseline/model"
    assert other in redacted("\n".join([*key[:3], other, *key[3:]]))


@pytest.mark.parametrize("name", ["HF_TOKEN", "signalbox/mnist/WANDB_API_KEY", "db_password"])
def test_value_on_the_line_after_its_name_is_replaced_in_each_stream(name: str) -> None:
    value = "xK3v9QzR7bLm2TnW8sHd"
    redactor = LineRedactor()
    assert redactor.redact_all([f'  "name": "{name}",', f'  "value": "{value}"', "x"])[1:] != [
        f'  "value": "{value}"',
        "x",
    ]
    assert redactor.redact(f"- name: {name}") == f"- name: {name}"
    assert redactor.in_secret
    assert value not in redactor.redact(f"  value: {value}\n")
    assert not redactor.in_secret
    assert redactor.redact(f"  value: {value}\n") == f"  value: {value}\n", "no name precedes it"


def test_lines_of_others_between_those_of_a_key_stay() -> None:
    key = private_key(random.Random(1))
    lines = [key[0], key[1], "epoch 3 loss 0.25", key[2], *key[3:], "done"]
    assert redacted("\n".join(lines)).splitlines()[2 :: len(lines) - 3] == ["epoch 3 loss 0.25", "done"]


def test_key_without_its_end_hides_the_log_for_a_few_lines_only() -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", *["epoch 3 loss 0.25"] * 5, "done", "finished"]
    assert redacted("\n".join(lines)).splitlines() == lines


@pytest.mark.parametrize("shape", SHAPES)
def test_secret_cut_anywhere_is_not_shown(shape: str) -> None:
    """Forwarded as `trainer.process.training` does: what is held back comes with the next piece."""
    numbers = random.Random(shape)
    for _ in range(5):
        piece, secret = planted(shape, numbers)
        text = f"begin {piece} end\nnext line {piece}"
        for cut in range(1, len(text), 3):
            assert secret not in _forwarded([text[:cut], text[cut:]]), cut
        small = [text[index : index + 2] for index in range(0, len(text), 2)]
        assert secret not in _forwarded(small)


def test_private_key_cut_anywhere_is_not_shown() -> None:
    key = private_key(random.Random(2), lines=3)
    text = "\n".join(["before", *key, "after"])
    for cut in range(1, len(text)):
        for pieces in ([text[:cut], text[cut:]], [text[:cut], text[cut : cut + 9], text[cut + 9 :]]):
            shown = _forwarded(pieces)
            assert not [line for line in key[1:-1] if line in shown], cut
            assert shown.endswith("after")


def test_text_without_secrets_arrives_unchanged_however_it_is_cut() -> None:
    text = "epoch 1 loss=0.5 12%|#  | 1/8\rdone\n\nnext line, ü\n token: abc end"
    for size in range(1, 9):
        assert _forwarded([text[index : index + size] for index in range(0, len(text), size)]) == text


def test_word_longer_than_any_secret_is_forwarded() -> None:
    redactor = ChunkRedactor()
    assert redactor.held_back("x" * 10_000) == 4_096
    assert redactor.held_back("epoch 1 ...") == 0


def test_known_secret_is_hidden_in_its_usual_encodings(monkeypatch: pytest.MonkeyPatch) -> None:
    import base64  # noqa: PLC0415
    from urllib.parse import quote  # noqa: PLC0415

    monkeypatch.setattr(known, "_secrets", [])
    monkeypatch.setattr(known, "_groups", {})
    secret = "pä/ss wörd+1234"
    known.hide(secret)
    data = secret.encode()
    forms = [
        *(secret, quote(secret, safe=""), data.hex(), base64.b64encode(data).decode().rstrip("=")),
        *(base64.b64encode(b"x" * count + b":" + data + b"tail").decode() for count in range(3)),
    ]
    inner = base64.b64encode(data[3:-3]).decode()[4:-4]
    for form in forms:
        shown = redacted(f"it is {form} here")
        assert "[redacted: known secret]" in shown
        assert secret not in shown
        assert inner not in shown
    assert known.redact(data.decode("latin-1")) == "[redacted: known secret]", "as a line that was read byte by byte"


def test_beginning_of_a_known_secret_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_secrets", [])
    monkeypatch.setattr(known, "_groups", {})
    known.hide("key 12345")
    assert [known.begun(text) for text in ("", "loss k", "loss key 1", "key 12345", "loss")] == [0, 1, 5, 0, 0]


def test_short_text_is_no_known_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_secrets", [])
    monkeypatch.setattr(known, "_groups", {})
    for secret in ("", "no", "{\n}"):
        known.hide(secret)
    assert redacted("no { }") == "no { }"


def _forwarded(pieces: list[str]) -> str:
    redactor, rest, shown = ChunkRedactor(), "", ""
    for piece in pieces:
        rest += piece
        end = len(rest) - redactor.held_back(rest)
        shown += redactor.redact(rest[:end]) if end else ""
        rest = rest[end:]
    return shown + (redactor.redact(rest) if rest else "")
