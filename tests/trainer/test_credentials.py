"""Addresses with credentials, wherever they are shown."""

import json

import pytest

from trainer import entrypoint
from trainer.contract import ExitCode, Trouble, parse_trouble
from trainer.credentials import without_credentials
from trainer.fetch.assignment import read
from trainer.process import console
from trainer.storage.manifest import Manifest


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://mika:secret@host/x.git", "https://host/x.git"),
        ("https://user:p@ss@host/x.git", "https://host/x.git"),
        ("https://a:b@c@host/x https://d:e@f/", "https://host/x https://f/"),
        ("'https://token@host/x/': no", "'https://host/x/': no"),
        ("https://:secret@host/x", "https://host/x"),
        ("https://token:@host/x", "https://host/x"),
        ("https://mika%40lab:p%40%2Fss@host/x", "https://host/x"),
        ("https://user:p?s#s@host/x", "https://host/x"),
        ("https://user:p/ss@host/x", "https://host/x"),
        ("http://user:secret@host:8080/x@y", "http://host:8080/x@y"),
        ("HTTPS://User:Secret@HOST/x", "HTTPS://HOST/x"),
        ("git+https://user:secret@host/x.git@v1.2#egg=x", "git+https://host/x.git@v1.2#egg=x"),
        ("ssh://git@host/x", "ssh://host/x"),
        ("ssh://git:secret@host:22/x", "ssh://host:22/x"),
        ("http://user:secret@[::1]:80/x", "http://[::1]:80/x"),
        ("url.https://user:secret@host/.insteadOf", "url.https://host/.insteadOf"),
        ("git@host:x", "git@host:x"),
        ("https://host/x", "https://host/x"),
        ("https://host:8080/x@v1", "https://host:8080/x@v1"),
        ("https://[::1]:8080/x@v1", "https://[::1]:8080/x@v1"),
        ("https://host/a:b@c", "https://host/a:b@c"),
        ("file:///a:b@c", "file:///a:b@c"),
        ("see https://host: mika@lab", "see https://host: mika@lab"),
        ("", ""),
    ],
)
def test_credentials_are_removed(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


ADDRESS = "https://user:p@ss@host/x.git"


def test_manifest_has_no_credentials() -> None:
    environment = {"REPOSITORY_URL": ADDRESS, "COMMIT_ID": "0" * 40, "JOB_ID": "k7q2mx", "OUTPUT_URI": "s3://b/k7q2mx"}
    job = read(environment, ["python", "train.py"])
    manifest = json.loads(Manifest(job, ["python", "train.py", "--data", ADDRESS]).body())
    assert manifest["repository"] == "https://host/x.git"
    assert manifest["command"] == ["python", "train.py", "--data", "https://host/x.git"]


def test_log_has_no_credentials(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    console.log(f"{ADDRESS} is fetched")
    assert capfdbinary.readouterr().out == b"signalbox: https://host/x.git is fetched\n"


def test_trouble_line_has_no_credentials_and_is_parsed(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code = entrypoint._log_trouble(Trouble(ExitCode.INSTALL_FAILED, f'"{ADDRESS}","https://user:p"ss@host/"'))
    assert code == ExitCode.INSTALL_FAILED
    line = capfdbinary.readouterr().out.decode()
    assert parse_trouble(line.strip()) == Trouble(code, '"https://host/x.git","https://host/"')
