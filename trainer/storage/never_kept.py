"""Files of the checkout that are never stored, whatever the patterns say: caches, what tools install, and secrets."""

import os
import re
from pathlib import Path, PurePosixPath

CACHE_TAG = "CACHEDIR.TAG"
"""Marks a folder that can be made again: https://bford.info/cachedir/. pip, pytest, mypy, ruff and Hugging Face's hub
write it."""
_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
_INSTALLED = ("pyvenv.cfg", "conda-meta")
"""What a virtual environment has in its folder, and conda's: https://docs.python.org/3/library/venv.html#how-venvs-work,
https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html"""
_FOLDERS = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "__pycache__",
        ".ipynb_checkpoints",
        ".cache",
        ".venv",
        "node_modules",
        ".eggs",
        ".tox",
        ".nox",
    }
)
_CACHES = re.compile(r"core(\.\d+)?|.*\.(pyc|pyo|swp|egg-info)")
"""Bytecode, editors' files, and memory dumps: https://man7.org/linux/man-pages/man5/core.5.html"""

# Names that GitHub's and Git's own templates keep out of repositories, and where the common tools keep their keys:
# https://github.com/github/gitignore, https://docs.aws.amazon.com/cli/v1/userguide/cli-configure-files.html,
# https://www.kaggle.com/docs/api#authentication, https://docs.wandb.ai/models/track/environment-variables (netrc),
# https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hftokenpath.
_SECRET_FOLDERS = frozenset(
    {".ssh", ".aws", ".gnupg", ".kube", ".docker", ".azure", ".gcloud", ".kaggle", ".huggingface"}
)
_SECRET = re.compile(
    r"\.env(\..*)?|.*\.env|\.envrc|.*\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk)|id_(rsa|dsa|ecdsa|ed25519)(_sk)?(\..*)?"
    r"|[._]?netrc|\.(npmrc|pypirc|git-credentials|htpasswd|pgpass|boto|s3cfg|dockercfg)|kaggle\.json"
    r"|(.*[._-])?(credentials?|secrets?|passwords?|(api|access|secret)[._-]?keys?)(\.(json|ya?ml|toml|ini|cfg|txt|csv|env|properties))?"
    r"|service[._-]?account.*\.json|client_secret.*\.json|(hf_|api_|access_|auth_)?token(\.(json|txt))?",
    re.IGNORECASE,
)


def may_hold_secrets(name: str) -> bool:
    """Judge a file or folder by its name."""
    return name.lower() in _SECRET_FOLDERS or _SECRET.fullmatch(name) is not None


def in_secret_place(path: PurePosixPath) -> bool:
    """True if the file's name, or that of a folder that it is in, is one that secrets have."""
    return any(may_hold_secrets(part) for part in path.parts)


def is_cache_file(name: str) -> bool:
    return _CACHES.fullmatch(name) is not None


def is_cache_folder(folder: Path) -> bool:
    """True for a folder of a cache, a virtual environment, or version control."""
    if folder.name in _FOLDERS or is_cache_file(folder.name):
        return True
    return any(os.path.lexists(folder / each) for each in _INSTALLED) or _is_tagged(folder / CACHE_TAG)


def _is_tagged(tag: Path) -> bool:
    try:
        with tag.open("rb") as file:
            return file.read(len(_SIGNATURE)) == _SIGNATURE
    except OSError:
        return False
