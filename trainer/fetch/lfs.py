"""Git LFS: training code must not read pointers as if they were its data.

A pointer is a text of less than 1,024 bytes: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

from collections.abc import Sequence
from pathlib import Path

from trainer.contract import ExitCode
from trainer.errors import Ended
from trainer.fetch.git_errors import decisive_line
from trainer.fetch.git_program import Git
from trainer.process import console

_FILTERS = (
    "filter.lfs.clean=git-lfs clean -- %f",
    "filter.lfs.smudge=git-lfs smudge -- %f",
    "filter.lfs.process=git-lfs filter-process",
    "filter.lfs.required=true",
)
"""What `git lfs install` sets. Without it `git lfs pull` downloads, but "skips object checkout":
https://github.com/git-lfs/git-lfs/issues/3048"""
_POINTERS = (b"version https://git-lfs.github.com/spec/v1", b"version https://hawser.github.com/spec/v1")
_MOST_BYTES = 1024
_NAMED = 3


def fetch_large_files(git: Git, folders: Sequence[Path]) -> None:
    """Replace the pointers in these checkouts by their files. Raises `Ended` if any is left, unless `lfs` is off."""
    for folder in folders:
        pointers = _pointers(git, folder)
        if not pointers:
            continue
        if not git.source.lfs:
            console.log(f"{_counted(pointers)} of Git LFS left as pointers, as `lfs` is off")
            continue
        origin = [f"remote.origin.url={git.source.repository}"] if folder == git.folder else []
        pulled = git.output("lfs", "pull", settings=[*_FILTERS, *origin], folder=folder, remote=True)
        if left := _pointers(git, folder):
            why = console.masked(decisive_line(pulled.stderr) or "git-lfs did not say why")
            if "is not a git command" in pulled.stderr:
                why = "the image has no git-lfs. Install it there: apt-get install git-lfs"
            message = (
                f"{_counted(left)} can't be fetched from Git LFS: {why}. If the command doesn't need them, set "
                "lfs = false in the project's config."
            )
            raise Ended(ExitCode.REPOSITORY_UNREACHABLE, message)


def _pointers(git: Git, folder: Path) -> list[str]:
    """List the files whose content is a pointer, among those that .gitattributes gives to Git LFS."""
    listed = git.output("ls-files", "-z", ":(attr:filter=lfs)", folder=folder)
    return [name for name in listed.stdout.split("\0") if name and _is_pointer(folder / name)]


def _is_pointer(path: Path) -> bool:
    try:
        if path.is_symlink() or path.stat().st_size >= _MOST_BYTES:
            return False
        return path.read_bytes().startswith(_POINTERS)
    except OSError:
        return False


def _counted(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{len(names):,} file{'s' if len(names) > 1 else ''} ({', '.join(names[:_NAMED])}{more})"
