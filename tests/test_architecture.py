"""The layers of ARCHITECTURE.md, as a list: imports point down only, and vendors stay at their place."""

from pathlib import Path

import pytest

from tests.layout.tree import ROOT, Tree, imported_names

# Highest first. A module belongs to the first prefix that fits, and imports only its own layer and those below.
LAYERS = (
    ("bot.__main__",),
    ("bot.app", "bot.audit_check", "bot.doctor", "bot.from_stack", "bot.init", "bot.restore", "bot.try_locally"),
    ("bot.config", "bot.logging_setup"),
    ("bot.chat",),
    ("bot.adapters",),
    ("bot.services",),
    ("bot.ports",),
    ("bot.domain",),
    ("bot.errors",),
    ("trainer",),
)
# A vendor's library, and the only packages that may import it.
VENDORS = {
    "discord": ("bot.chat",),
    "aiobotocore": ("bot.adapters",),
    "botocore": ("bot.adapters", "trainer", "deploy", "bench"),
    "boto3": ("trainer", "deploy", "bench"),
    "sqlite3": ("bot.adapters.sqlite", "trainer.metrics.formats.mlflow_store", "bench"),
    "tomlkit": ("bot.config.config_file",),
    "matplotlib": ("bot.adapters.drawing", "bench"),
    "optuna": ("bot.adapters.sampling", "bench"),
    "moto": ("deploy.sandbox.aws",),
    "aws_cdk": ("deploy.aws",),
    "cdk_nag": ("deploy.aws",),
    "constructs": ("deploy.aws",),
    "torch": ("trainer", "deploy.sandbox.training", "bench"),
}
# Side by side in one layer, and none the other's business.
APART = (("bot.chat", "bot.adapters"), ("bot.adapters", "bot.chat"))

MODULES = Tree.of(ROOT).modules


def _within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")


def _layer(module: str) -> int | None:
    for number, prefixes in enumerate(LAYERS):
        if any(_within(module, prefix) for prefix in prefixes):
            return number
    return None


@pytest.mark.parametrize("module", [m for m in MODULES if _layer(m) is not None])
def test_imports_point_down(module: str) -> None:
    own = _layer(module)
    assert own is not None
    up = sorted(
        {name for name in imported_names(MODULES[module]) if (other := _layer(name)) is not None and other < own}
    )
    assert not up, f"{module} imports from a layer above it: {', '.join(up)}"


@pytest.mark.parametrize("module", list(MODULES))
def test_nothing_in_the_product_knows_the_sandbox_or_the_tests(module: str) -> None:
    forbidden = {
        "bot": ("deploy", "tests", "bench"),
        "trainer": ("bot", "deploy", "tests", "bench"),
        "deploy": ("tests", "bench", "bot"),
        # The stack is built by the bot's own settings: the longest name counts.
        "deploy.aws": ("tests", "bench", "deploy.sandbox", "bot.app", "bot.chat", "bot.adapters", "bot.services"),
    }
    own = max((name for name in forbidden if _within(module, name)), key=len, default="")
    wrong = [
        name
        for name in imported_names(MODULES[module])
        if any(_within(name, prefix) for prefix in forbidden.get(own, ()))
    ]
    assert not wrong, f"{module} imports {', '.join(wrong)}"


@pytest.mark.parametrize("module", list(MODULES))
def test_vendors_stay_at_their_place(module: str) -> None:
    wrong = [
        name
        for name in imported_names(MODULES[module])
        for vendor, homes in VENDORS.items()
        if _within(name, vendor) and not any(_within(module, home) for home in homes)
    ]
    assert not wrong, f"{module} imports {', '.join(wrong)}; see VENDORS for where that belongs"


@pytest.mark.parametrize("module", [m for m in MODULES if _within(m, "bot.chat") or _within(m, "bot.adapters")])
def test_chat_and_adapters_do_not_know_each_other(module: str) -> None:
    wrong = [
        n for n in imported_names(MODULES[module]) for own, other in APART if _within(module, own) and _within(n, other)
    ]
    assert not wrong, f"{module} imports {', '.join(wrong)}"


def test_the_layers_cover_the_bot() -> None:
    outside = [m for m in MODULES if _within(m, "bot") and m != "bot" and _layer(m) is None]
    assert not outside, f"in no layer: {', '.join(outside)}"


def test_the_rules_can_fail(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("import discord\nfrom bot.services.jobs import submit\n")
    assert {"discord", "bot.services.jobs", "bot.services.jobs.submit"} <= set(imported_names(file))
    assert _layer("bot.services.jobs.submit") == 5
    assert _layer("bot.domain.model.job") == 7
