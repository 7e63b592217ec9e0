import subprocess
from pathlib import Path, PurePosixPath

import pytest

from trainer.keep_patterns import DEFAULT_KEEP, Patterns

PATHS = [
    "model.pt",
    "a/model.pt",
    "a/b/model.pt",
    "runs/1/events.out",
    "a/runs/1/events.out",
    "out/x.csv",
    "out/deep/x.csv",
    "[x].txt",
    "x1.txt",
    "#notes",
    "!odd",
    "a b",
]


@pytest.mark.parametrize(
    "line",
    [
        "*.pt",
        "/*.pt",
        "a/*.pt",
        "a/**/model.pt",
        "**/model.pt",
        "runs/",
        "/runs/",
        "runs",
        "out/*",
        "out/**",
        "x?.txt",
        "x[0-9].txt",
        "x[!a].txt",
        "x[^0-9].txt",
        r"\[x\].txt",
        r"\#notes",
        r"\!odd",
        "#notes",
        "a b ",
        "out/x",
        "**",
        "*",
    ],
)
def test_one_pattern_matches_what_it_matches_in_git(tmp_path: Path, line: str) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / ".git" / "info" / "exclude").write_text(line + "\n")
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    asked = subprocess.run(
        ["git", "-c", f"safe.directory={tmp_path}", "check-ignore", "-z", "--stdin"],
        cwd=tmp_path,
        input="\0".join(PATHS),
        check=False,
        capture_output=True,
        text=True,
    )
    matched = [path for path in asked.stdout.split("\0") if path]
    assert [path for path in PATHS if Patterns([line]).keeps(PurePosixPath(path))] == matched


@pytest.mark.parametrize(
    ("lines", "kept", "not_kept"),
    [
        (DEFAULT_KEEP, ["model.pt", "runs/1/x", "database/x"], ["data/x.npy", "src/data/raw/x", "datasets/coco/1.jpg"]),
        (["*.pt", "runs/"], ["a/model.pt", "runs/1/x"], ["x.csv", "a/x.csv"]),
        (["*", "!*.ckpt", "last.ckpt"], ["a/last.ckpt", "x"], ["a/epoch=1.ckpt"]),
        (["*", "!data/", "data/scores.json"], ["data/scores.json"], ["data/x.npy"]),
        ([], [], ["model.pt"]),
    ],
)
def test_last_pattern_decides(lines: list[str], kept: list[str], not_kept: list[str]) -> None:
    patterns = Patterns(lines)
    assert [path for path in kept + not_kept if patterns.keeps(PurePosixPath(path))] == kept


@pytest.mark.parametrize(
    ("lines", "folder", "left_out"),
    [
        (DEFAULT_KEEP, "data", True),
        (DEFAULT_KEEP, "a/data/raw", True),
        (DEFAULT_KEEP, "runs", False),
        (["*", "!data/", "data/scores.json"], "data", False),
        (["runs/"], "lightning", False),
        ([], "runs", True),
    ],
)
def test_folder_that_cannot_hold_a_kept_file_is_not_looked_into(lines: list[str], folder: str, left_out: bool) -> None:
    assert Patterns(lines).leaves_out(PurePosixPath(folder)) is left_out


@pytest.mark.parametrize("line", ["!", "/", "../runs", ".", "[z-a]"])
def test_pattern_that_matches_nothing_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"matches nothing|is not a pattern"):
        Patterns([line])
