from pathlib import Path, PurePosixPath

import pytest

from trainer.storage.never_kept import in_secret_place, is_cache_file, is_cache_folder, may_hold_secrets


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        ".env.local",
        "prod.env",
        "server.pem",
        "id_rsa",
        "id_ed25519.pub",
        "credentials",
        "credentials.json",
        "aws_credentials.csv",
        "Secrets.YAML",
        "api_key.txt",
        "API-KEYS.json",
        ".netrc",
        "_netrc",
        "kaggle.json",
        "service-account-1.json",
        "client_secret_1.json",
        "hf_token",
        "token.json",
        ".aws",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert may_hold_secrets(name)


@pytest.mark.parametrize(
    "name",
    [
        "tokenizer.json",
        "special_tokens_map.json",
        "model.pt",
        "keys.npy",
        "monkey.png",
        "environment.yaml",
        "token_losses.csv",
    ],
)
def test_names_of_results_are_no_secrets(name: str) -> None:
    assert not may_hold_secrets(name)


def test_file_in_a_folder_of_secrets() -> None:
    assert in_secret_place(PurePosixPath("/root/.aws/config"))
    assert not in_secret_place(PurePosixPath("/root/runs/config"))


@pytest.mark.parametrize("name", ["core", "core.4711", "x.pyc", "mylib.egg-info"])
def test_files_of_tools(name: str) -> None:
    assert is_cache_file(name)
    assert not is_cache_file("core.pt")


def test_folders_of_tools(tmp_path: Path) -> None:
    for name in ("venv", "cache", "fake", "runs", "__pycache__"):
        (tmp_path / name).mkdir()
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    (tmp_path / "cache" / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n# by a test\n")
    (tmp_path / "fake" / "CACHEDIR.TAG").write_text("something else")
    found = {path.name for path in tmp_path.iterdir() if is_cache_folder(path)}
    assert found == {"venv", "cache", "__pycache__"}
