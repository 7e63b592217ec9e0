"""Ways in which programs print a name and its value, and values whose names alone give them away.

Each way is that of a program or a format, named beside it; the values are as long as the services' own.
"""

import html
import json
import string
from collections.abc import Callable, Mapping
from random import Random
from urllib.parse import quote

from tests.secrets.planted import ALNUM, BASE64, HEX, URLSAFE

Make = Callable[[Random], str]


def _of(alphabet: str, length: int) -> Make:
    return lambda random: "".join(random.choices(alphabet, k=length))


def _password(random: Random) -> str:
    signs = random.choices(string.ascii_letters, k=9) + random.choices(string.digits, k=3)
    signs += random.choices("!#%^*~-@$&", k=2)
    random.shuffle(signs)
    return "a" + "".join(signs)


def _uuid(random: Random) -> str:
    digits = _of(HEX, 32)(random)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


VALUES: Mapping[str, Make] = {
    "WANDB_API_KEY": _of(HEX, 40),
    # https://clear.ml/docs/latest/docs/configs/env_vars: of a server of one's own
    "CLEARML_API_SECRET_KEY": _of(ALNUM, 50),
    "CLEARML_API_ACCESS_KEY": _of(string.ascii_uppercase + string.digits, 30),
    "MISTRAL_API_KEY": _of(ALNUM, 32),
    "CO_API_KEY": _of(ALNUM, 40),
    "TOGETHER_API_KEY": _of(HEX, 64),
    "KAGGLE_KEY": _of(HEX, 32),
    "HEROKU_API_KEY": _uuid,
    "AWS_SECRET_ACCESS_KEY": _of(BASE64, 40),
    "AWS_SESSION_TOKEN": _of(BASE64, 400),
    "AZURE_STORAGE_KEY": lambda random: _of(BASE64, 86)(random) + "==",
    "DB_PASSWORD": _password,
    "PGPASSWORD": _password,
    "MYSQL_ROOT_PASSWORD": lambda random: random.choice(["Summer", "dragon", "hunter"]) + str(random.randint(10, 9999)),
    "REDIS_PASS": _password,
    "SSHPASS": _password,
    "KEY_PASSPHRASE": _password,
    # https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key, as `startproject` makes it
    "SECRET_KEY": lambda random: (
        "django-insecure-" + _of(string.ascii_lowercase + string.digits + "!@#$%^*-_=+", 50)(random)
    ),
    # RFC 6238's key in base32
    "TOTP_SECRET": _of(string.ascii_uppercase + "234567", 32),
    "DD_API_KEY": _of(HEX, 32),
    # https://laravel.com/docs/12.x/encryption#configuration
    "APP_KEY": lambda random: f"base64:{_of(BASE64, 43)(random)}=",
    "refresh_token": _of(URLSAFE, 60),
    "client_secret": _of(URLSAFE, 40),
    "GIT_PAT": _of(ALNUM, 52),
    "SERVICE_CREDENTIALS": _of(ALNUM, 44),
    "JWT_SIGNING_KEY": _of(ALNUM, 44),
    "HMAC_KEY": _of(HEX, 64),
    "FERNET_KEY": lambda random: "a" + _of(URLSAFE, 42)(random) + "=",
}


def _header(name: str) -> str:
    return "X-" + "-".join(part.capitalize() for part in name.split("_"))


def _flag(name: str) -> str:
    return "--" + name.lower().replace("_", "-")


WAYS: Mapping[str, Callable[[str, str], str]] = {
    "dotenv": lambda name, value: f"{name}={value}",
    "export": lambda name, value: f'export {name}="{value}"',
    "declare -x, bash's `export -p`": lambda name, value: f'declare -x {name}="{value}"',
    "bash -x": lambda name, value: f"+ {name}={value}",
    "YAML": lambda name, value: f"  {name}: {value}",
    "YAML in quotes": lambda name, value: f"{name}: '{value}'",
    "TOML": lambda name, value: f'{name} = "{value}"',
    "JSON": lambda name, value: json.dumps({"a": 1, name: value, "b": [2]}),
    "compact JSON": lambda name, value: json.dumps({"a": 1, name: value}, separators=(",", ":")),
    "JSON in JSON": lambda name, value: json.dumps({"message": json.dumps({name: value})}),
    "JSON of JavaScript": lambda name, value: json.dumps({name: value}).replace("/", "\\/"),
    "repr of a mapping": lambda name, value: repr({"a": 1, name: value, "b": 2}),
    "repr of bytes": lambda name, value: repr({name.encode(): value.encode()}),
    "repr of a dataclass": lambda name, value: f"Config(lr=0.1, {name}={value!r}, x=3)",
    "argparse's Namespace": lambda name, value: f"Namespace(lr=0.1, {name}={value!r})",
    "os.environ": lambda name, value: f"environ({{'PATH': '/bin', {name!r}: {value!r}}})",
    "os.environ in a traceback": lambda name, value: f"    os.environ[{name!r}] = {value!r}",
    "a call in a traceback": lambda name, value: f"    login({name}={value!r})\n          ^^^^^^^^",
    "a tuple": lambda name, value: repr((name, value)),
    "subprocess's arguments": lambda name, value: (
        f"Command {['train.py', _flag(name), value, '--lr', '0.1']} returned 1"
    ),
    "a command line": lambda name, value: f"python train.py {_flag(name)}={value} --lr 0.1",
    "docker run": lambda name, value: f"docker run -e {name}={value} image",
    "docker inspect": lambda name, value: f'"Env": ["PATH=/bin", "{name}={value}"]',
    "Dockerfile": lambda name, value: f"ENV {name} {value}" if name.isupper() else f"ENV {name}={value}",
    "Kubernetes": lambda name, value: f"- name: {name}\n  value: {value}",
    "Kubernetes in quotes": lambda name, value: f'    - name: {name}\n      value: "{value}"',
    "ECS and Batch": lambda name, value: json.dumps({"name": name, "value": value}),
    "ECS and Batch over lines": lambda name, value: json.dumps([{"name": name, "value": value}], indent=4),
    "boto3": lambda name, value: repr({"Name": name, "Value": value}),
    "Secrets Manager": lambda name, value: json.dumps({"Name": f"signalbox/mnist/{name}", "SecretString": value}),
    "rich's table": lambda name, value: f"│ {name}      │ {value}   │",
    "a table of Markdown": lambda name, value: f"| {name} | {value} |",
    "tabs": lambda name, value: f"{name}\t{value}",
    "an arrow": lambda name, value: f"{name} => {value}",
    "XML": lambda name, value: f"<{name}>{value}</{name}>",
    ".NET's settings": lambda name, value: f'<add key="{name}" value="{value}"/>',
    "HTML": lambda name, value: html.escape(json.dumps({name: value})),
    "a query": lambda name, value: f"https://host/x?a=1&{name}={quote(value, safe='')}&b=2",
    "JSON in a query": lambda name, value: quote(json.dumps({name: value}), safe=""),
    "a header": lambda name, value: f"{_header(name)}: {value}",
    "curl": lambda name, value: f"curl -H '{_header(name)}: {value}' https://host/x",
    "a list of headers": lambda name, value: repr([(_header(name), value)]),
    "SQL": lambda name, value: f"SET {name} = '{value}'",
    "Hydra": lambda name, value: f"+{name}={value}",
    "coloured": lambda name, value: f"\x1b[34m{name}\x1b[39;49;00m=\x1b[33m{value}\x1b[39;49;00m",
    "coloured JSON": lambda name, value: f'\x1b[94m"{name}"\x1b[39m:\x1b[37m \x1b[39m\x1b[33m"{value}"\x1b[39m',
    "a progress bar": lambda name, value: f" 10%|#  | 1/10\r{name}={value}\r 20%|## | 2/10",
}
