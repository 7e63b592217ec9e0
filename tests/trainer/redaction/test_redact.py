import json
import random
import time
import uuid
from collections import Counter
from hashlib import md5, sha1, sha256, sha512

import pytest

from tests.secrets.planted import SHAPES, TOKENS, planted
from trainer.redaction.redact import KINDS, redact, redacted_kinds

CARRIERS = (
    *("{}", "epoch 3 {} loss 0.1", "({})", "x={},y=2", "<{}>", "`{}`", "a,{},b", "\t{}", "key is {}."),
    *(
        "\x1b[31m{}\x1b[0m",
        "2026-11-29 09:51:02 ERROR \x1b[1m{}\x1b[0m failed",
        "ValueError: bad value {}",
        "  File 'a.py' {}",
    ),
    *("INFO:root:{}", "ü {} 漢字", "curl https://host/path?q=1 {} done"),
)


@pytest.mark.parametrize("shape", SHAPES)
def test_secret_of_each_shape_is_replaced_by_its_kind(shape: str) -> None:
    numbers = random.Random(shape)
    for carrier in CARRIERS * 3:
        piece, secret = planted(shape, numbers)
        line = carrier.replace("{}", piece)
        shown = redact(line)
        assert secret not in shown, line
        assert redacted_kinds(shown), line
        assert redact(shown) == shown, "redacting again changes nothing"


@pytest.mark.parametrize("shape", TOKENS)
def test_secret_in_json_leaves_valid_json(shape: str) -> None:
    numbers = random.Random(shape)
    for _ in range(10):
        piece, secret = planted(shape, numbers)
        line = json.dumps({"message": f"got {piece}", piece: [piece, {"deep": f"[{piece}]"}]})
        shown = redact(line)
        assert secret not in shown
        json.loads(shown)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("https://mika:s3cr/et@host/x", "https://mika:[redacted: password in a URL]@host/x"),
        ("postgres://u:p@ss@db:5432/x", "postgres://u:[redacted: password in a URL]@db:5432/x"),
        ("ghp_\x1b[1m0123456789ABCDEFGHIJ\x1b[0mabcdefghij012345 end", "[redacted: GitHub token] end"),
        (
            "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "[redacted: AWS key id] [redacted: AWS secret key]",
        ),
        ('{"password": "p(ss}w1th"}', '{"password": "[redacted: password]"}'),
        ("<password>tr0ub4dor</password>", "<password>[redacted: password]</password>"),
        ("Set-Cookie: session=abcdef; HttpOnly", "Set-Cookie: [redacted: cookie]"),
        (
            '{"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANB\\nBAQEF=\\n-----END PRIVATE KEY-----\\n"}',
            '{"private_key": "-----BEGIN PRIVATE KEY-----[redacted: private key]-----END PRIVATE KEY-----\\n"}',
        ),
    ],
)
def test_only_the_secret_is_replaced(line: str, shown: str) -> None:
    assert redact(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        *(
            "",
            "token: the",
            "max_tokens=4096",
            "tokens/s: 1234.5",
            "password: required",
            "Password:",
            "num_tokens=123456789",
        ),
        *(
            "pad_token='<|endoftext|>'",
            "api_key=None",
            "api_key=os.environ['KEY']",
            "password=getpass.getpass()",
            "secret: ***",
        ),
        *(
            "token=${{ secrets.TOKEN }}",
            "PWD=/root/project1/run2",
            "OLDPWD=/home/mika/a1b2",
            "credentials: ~/.aws/credentials",
        ),
        *(
            "task-scheduler-with-a-long-name-2026",
            "disk-0123456789abcdef0123",
            "risk-averse-model-v2-large-instruct-2026",
        ),
        *(
            "https://[::1]:8080/x@v1",
            "http://host:8080/path@v1",
            "git+https://host/x.git@v1.2#egg=x",
            "mail a@b.example",
        ),
        *("s3://bucket/jobs/k7q2mx/model.pt", "_highs_options.cpython-311-x86_64-linux-gnu.so", "torch==2.10.0+cu128"),
        *("sig=0.5", "the author: nobody", "monkey: 12345678", "keyboard=us-intl-104", "primary_key=user_id_1"),
        *("cache key: 3f2a9c", "tokenizer: bert-base-uncased", "eos_token_id: 50256", "Authorization: required"),
        *(
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----",
            "token_type: bearer",
            "a bearer of news since 1900",
        ),
        *(
            "AKIA",
            "AKIAIOSFODNN7",
            "ghp_short",
            "hf_hub_download(repo_id='x')",
            "sk-learn",
            "xoxo",
            "eyJ",
            "eyJhbGciOi",
        ),
        *(
            "kl_coef=0.05 target_kl=0.01",
            "key=value",
            "keys: ['a1', 'b2']",
            "key_padding_mask=None",
            "attn_key: torch.float32",
        ),
    ],
)
def test_ordinary_line_stays(line: str) -> None:
    assert redact(line) == line


def test_hashes_uuids_and_base64_stay() -> None:
    numbers = random.Random(20_261_129)
    found = [line for line in _ordinary(numbers, 10_000) if redact(line) != line]
    assert not found


def _ordinary(numbers: random.Random, count: int) -> list[str]:
    """Lines of hashes, uuids and encoded bytes as tools print them."""
    lines = []
    for _ in range(count):
        data = numbers.randbytes(24)
        digest = numbers.choice([md5, sha1, sha256, sha512])(data).hexdigest()
        form = numbers.choice(
            [
                *(
                    "{d}  model.safetensors",
                    "sha256:{d}",
                    "commit {d}",
                    "{d} fix: the loader",
                    'etag "{d}"',
                    "revision={d}",
                ),
                *(
                    "Saved to /root/.cache/huggingface/hub/models--x/snapshots/{d}/config.json",
                    "HEAD is now at {s} message",
                ),
                *(
                    "run id {u}",
                    "{u}: started",
                    "trace={u} span={s}",
                    "image@sha256:{d}",
                    "integrity sha512-{b}",
                    "data:{b}",
                ),
                *(
                    "checkpoint-{s}.pt",
                    "weights {b} loaded",
                    "blob {d} {n}",
                    "x-request-id: {u}",
                    "{s}..{s} main -> main",
                ),
            ]
        )
        lines.append(
            form.format(
                d=digest, s=digest[:7], u=uuid.UUID(bytes=data[:16]), n=numbers.randrange(10**6), b=_base64(numbers)
            )
        )
    return lines


def _base64(numbers: random.Random) -> str:
    return "".join(
        numbers.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=numbers.randint(20, 120))
    )


def test_kinds_in_a_text_are_the_products_own() -> None:
    assert redacted_kinds(
        "[redacted: GitHub token] [redacted: GitHub token] [redacted: @everyone] [redacted: password]"
    ) == [
        "GitHub token",
        "password",
    ]
    assert all(len(kind) <= 40 and not set(kind) & set("[]\n*_`") for kind in KINDS)


HOSTILE = {
    "prefixes": "ghp_glpat-sk-xoxb-AKIAdapihf_",
    "begun tokens": "sk-aaaaaaaaaaaaaaaaaaa ",
    "json parts": "eyJabcdefgh.",
    "json runs": "eyJ",
    "assignments": "token=",
    "quoted": 'token="token:',
    "passwords": "password:password=",
    "addresses": "://a:",
    "addresses with at": "://a:b@",
    "keys": "-----BEGIN PRIVATE KEY-----AAAAAAAAAAAAAAAAAAAA",
    "half keys": "PRIVATE KEY-----",
    "headers": "authorization: bearer ",
    "cookies": "cookie: a=",
    "dots": "Maaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaa.",
    "escapes": "\x1b[",
    "escaped quotes": '\\\\\\"password\\\\\\": ',
    "aws ids": "AKIAAAAAAAAAAAAAAAAA ",
    "flags": "--token --token ",
    "api keys": "api key api_key: ",
    "long word": "aB3",
    "spaces": " ",
    "logins": "login a password ",
    "user": 'username": "x", "key": "',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_time_grows_with_the_length_alone(kind: str) -> None:
    """Eight times the text may take about eight times as long: quadratic would be 64 times."""
    piece = HOSTILE[kind]

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        best = float("inf")
        for _ in range(3):
            begun = time.process_time()
            redact(text)
            best = min(best, time.process_time() - begun)
        return best

    short, long = seconds(16_384), seconds(131_072)
    assert long < 30 * max(short, 0.001), Counter(short=round(short * 1e6), long=round(long * 1e6))


@pytest.mark.parametrize("name", ["{}", "artifacts/TWILIO_AUTH_TOKEN={}.png", "api_key={}.json", "secret: {}.tar.gz"])
def test_a_hexadecimal_token_in_a_file_name_is_no_name_of_code(name: str) -> None:
    """One in twelve of them changes between letters and digits as seldom as a name does."""
    token = "dd311ca871902316d9841aab4ccec38d"
    assert (token in redact(name.format(token))) == (name == "{}")


@pytest.mark.parametrize("text", ["token=run_20261129_101500.log", "key: layer12.conv2d_block1.weight_decay"])
def test_names_of_code_and_dates_stay(text: str) -> None:
    assert redact(text) == text
