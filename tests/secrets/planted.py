"""Secrets as services issue them, made by a seeded generator, in lines as programs print them.

The shapes are written from the services' own pages, examples and issue trackers, not from the product's rules: each
names its source. None of them opens anything.
"""

import base64
import json
import string
from collections.abc import Callable, Mapping
from random import Random

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
URLSAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"
UPPER32 = string.ascii_uppercase + "234567"


def _of(alphabet: str, length: int) -> Callable[[Random], str]:
    return lambda random: "".join(random.choices(alphabet, k=length))


def _aws_secret(random: Random) -> str:
    # "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY": https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
    return "".join(random.choices(BASE64, k=40))


def _discord(random: Random) -> str:
    # 24 or more characters, 6 and 38, with dots between: https://hexdocs.pm/nostrum/Nostrum.Token.html
    user = base64.b64encode(str(random.randint(10**17, 10**18 - 1)).encode()).decode().rstrip("=")
    return f"{user}.{_of(URLSAFE, 6)(random)}.{_of(URLSAFE, 38)(random)}"


def _jwt(random: Random) -> str:
    # https://www.rfc-editor.org/rfc/rfc7519#section-3.1
    def part(content: Mapping[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    return (
        f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': random.randint(1, 10**9)})}.{_of(URLSAFE, 43)(random)}"
    )


def private_key(random: Random, lines: int = 25) -> list[str]:
    """RFC 7468, section 10: a label, lines of 64 characters, the last one shorter, a label."""
    label = random.choice(["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY"])
    body = ["".join(random.choices(BASE64, k=64)) for _ in range(lines)]
    return [f"-----BEGIN {label}-----", *body, "".join(random.choices(BASE64, k=18)) + "==", f"-----END {label}-----"]


def _password(random: Random) -> str:
    letters = (
        random.choices(string.ascii_letters, k=9) + random.choices(string.digits, k=3) + random.choices("!#%^*~-", k=1)
    )
    random.shuffle(letters)
    return "a" + "".join(letters)


TOKENS: Mapping[str, Callable[[Random], str]] = {
    # Recognised wherever they stand.
    # https://github.blog/changelog/2021-03-31-authentication-token-format-updates-are-generally-available/
    "GitHub classic": lambda r: "ghp_" + _of(ALNUM, 36)(r),
    "GitHub app": lambda r: r.choice(["ghs_", "gho_", "ghu_", "ghr_"]) + _of(ALNUM, 36)(r),
    # https://github.blog/security/application-security/introducing-fine-grained-personal-access-tokens-for-github/
    "GitHub fine-grained": lambda r: f"github_pat_{_of(ALNUM, 22)(r)}_{_of(ALNUM, 59)(r)}",
    # https://gitlab.com/gitlab-org/gitlab/-/issues/342327
    "GitLab": lambda r: "glpat-" + _of(URLSAFE, 20)(r),
    # https://gitlab.com/Commit451/LabCoat/-/issues/516: glpat- … .two parts
    "GitLab routable": lambda r: f"glpat-{_of(URLSAFE, 27)(r)}.{_of(HEX, 2)(r)}.{_of(string.digits + 'abcdef', 9)(r)}",
    "Hugging Face": lambda r: "hf_" + _of(string.ascii_letters, 34)(r),
    # "wandb_v1_*", 86 characters: https://github.com/wandb/wandb/issues/11614
    "W&B": lambda r: "wandb_v1_" + _of(URLSAFE, 77)(r),
    "OpenAI project": lambda r: f"sk-proj-{_of(URLSAFE, 74)(r)}T3BlbkFJ{_of(URLSAFE, 74)(r)}",
    "OpenAI": lambda r: f"sk-{_of(ALNUM, 20)(r)}T3BlbkFJ{_of(ALNUM, 20)(r)}",
    "Anthropic": lambda r: f"sk-ant-api03-{_of(URLSAFE, 93)(r)}AA",
    # https://docs.slack.dev/authentication/tokens
    "Slack bot": lambda r: f"xoxb-{r.randint(10**11, 10**12)}-{r.randint(10**11, 10**12)}-{_of(ALNUM, 24)(r)}",
    "Slack webhook": lambda r: (
        f"https://hooks.slack.com/services/T{_of(UPPER32, 9)(r)}/B{_of(UPPER32, 9)(r)}/{_of(ALNUM, 24)(r)}"
    ),
    "Discord bot": _discord,
    "npm": lambda r: "npm_" + _of(ALNUM, 36)(r),
    # https://pypi.org/help/#apitoken
    "PyPI": lambda r: "pypi-AgEIcHlwaS5vcmc" + _of(URLSAFE, 140)(r),
    "Stripe": lambda r: r.choice(["sk_live_", "rk_live_", "sk_test_"]) + _of(ALNUM, r.choice([24, 99]))(r),
    # "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw": https://core.telegram.org/bots/api#authorizing-your-bot
    "Telegram": lambda r: f"{r.randint(10**8, 10**10 - 1)}:AA{_of(URLSAFE, 33)(r)}",
    "Docker Hub": lambda r: "dckr_pat_" + _of(URLSAFE, 27)(r),
    "Kaggle": lambda r: "KGAT_" + _of(HEX, 32)(r),
    "Databricks": lambda r: "dapi" + _of(HEX, 32)(r),
    "SendGrid": lambda r: f"SG.{_of(URLSAFE, 22)(r)}.{_of(URLSAFE, 43)(r)}",
    "Twilio": lambda r: "SK" + _of(HEX, 32)(r),
    # {"api_address":"https://app.neptune.ai", …}: https://docs.neptune.ai/setup/setting_api_token/
    "Neptune": lambda r: base64.b64encode(
        json.dumps(
            {"api_address": "https://app.neptune.ai", "api_key": _of(HEX, 36)(r)}, separators=(",", ":")
        ).encode()
    ).decode(),
    "AWS key id": lambda r: r.choice(["AKIA", "ASIA"]) + _of(UPPER32, 16)(r),
    "Google API key": lambda r: "AIza" + _of(URLSAFE, 35)(r),
    "Google OAuth": lambda r: "ya29.a0" + _of(URLSAFE, 120)(r),
    # https://learn.microsoft.com/purview/sit-defn-azure-ad-client-secret
    "Azure client secret": lambda r: f"{_of(ALNUM, 3)(r)}8Q~{_of(ALNUM + '~._-', 33)(r)}x",
    "JSON web token": _jwt,
    "Vault": lambda r: "hvs." + _of(URLSAFE, 92)(r),
    "Groq": lambda r: "gsk_" + _of(ALNUM, 52)(r),
}

NAMED: Mapping[str, Callable[[Random], tuple[str, str]]] = {
    # The text around it, with `{}` for the secret, and the secret: only its surroundings give it away.
    "AWS secret key": lambda r: (
        r.choice(
            ["AWS_SECRET_ACCESS_KEY={}", "aws_secret_access_key = {}", '"SecretAccessKey": "{}"', "--secret-key {}"]
        ),
        _aws_secret(r),
    ),
    "AWS session token": lambda r: (r.choice(["AWS_SESSION_TOKEN={}", '"SessionToken": "{}"']), _of(BASE64, 356)(r)),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    "presigned link": lambda r: (
        "https://s3.amazonaws.com/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600&X-Amz-Signature={}",
        _of(HEX, 64)(r),
    ),
    "SigV4 header": lambda r: (
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, Signature={}",
        _of(HEX, 64)(r),
    ),
    # https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
    "Azure storage": lambda r: (
        "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey={};EndpointSuffix=core.windows.net",
        _of(BASE64, 86)(r) + "==",
    ),
    "Azure SAS": lambda r: (
        "https://acct.blob.core.windows.net/c/b?sv=2024-11-04&se=2026&sr=b&sig={}",
        _of(ALNUM, 43)(r) + "%3D",
    ),
    "bearer": lambda r: (r.choice(["Authorization: Bearer {}", "'authorization': 'Bearer {}'"]), _of(URLSAFE, 43)(r)),
    "basic": lambda r: ("Authorization: Basic {}", base64.b64encode(f"mika:{_password(r)}".encode()).decode()),
    "database": lambda r: (
        r.choice(["postgresql://app:{}@db.internal:5432/x", "mongodb+srv://u:{}@c.mongodb.net"]),
        _password(r),
    ),
    "git address": lambda r: ("https://x-access-token:{}@github.example/org/repo.git", _of(ALNUM, 40)(r)),
    "password": lambda r: (
        r.choice(["DB_PASSWORD={}", "password: {}", '"password": "{}"', "mysql --password={}", "password='{}'"]),
        _password(r),
    ),
    "W&B old key": lambda r: (r.choice(["WANDB_API_KEY={}", "wandb login {}", "api_key: {}"]), _of(HEX, 40)(r)),
    # https://www.comet.com/docs/v2/api-and-sdk/python-sdk/: 25 letters and digits
    "Comet": lambda r: (r.choice(["COMET_API_KEY={}", "comet_ml.init(api_key='{}')"]), _of(ALNUM, 24)(r) + "7"),
    "MLflow": lambda r: ("export MLFLOW_TRACKING_TOKEN={}", _of(ALNUM, 32)(r)),
    "Kaggle file": lambda r: ('{{"username":"mika","key":"{}"}}', _of(HEX, 32)(r)),
    "Twilio auth": lambda r: ("TWILIO_AUTH_TOKEN={}", _of(HEX, 32)(r)),
    "netrc": lambda r: ("machine api.wandb.ai login user password {}", _of(HEX, 40)(r)),
}

SHAPES = (*TOKENS, *NAMED)


def planted(shape: str, random: Random) -> tuple[str, str]:
    """A piece of text with a secret, and the secret."""
    if shape in TOKENS:
        secret = TOKENS[shape](random)
        return secret, secret.rpartition("/")[2] if shape == "Slack webhook" else secret
    template, secret = NAMED[shape](random)
    return template.replace("{}", secret).replace("{{", "{").replace("}}", "}"), secret
