"""The layers of ARCHITECTURE.md, as a list: imports point down only, and vendors stay at their place."""

from pathlib import Path

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


IMPORTS = [(module, name) for module, path in MODULES.items() for name in dict.fromkeys(imported_names(path))]
"""Each module with each name that its imports could mean."""


def test_imports_point_down() -> None:
    up = [
        f"{module} imports {name}, from a layer above it"
        for module, name in IMPORTS
        if (own := _layer(module)) is not None and (other := _layer(name)) is not None and other < own
    ]
    assert not up, "\n".join(up)


def test_nothing_in_the_product_knows_the_sandbox_or_the_tests() -> None:
    forbidden = {
        "bot": ("deploy", "tests", "bench"),
        "trainer": ("bot", "deploy", "tests", "bench"),
        "deploy": ("tests", "bench", "bot"),
        # The stack is built by the bot's own settings: the longest name counts.
        "deploy.aws": ("tests", "bench", "deploy.sandbox", "bot.app", "bot.chat", "bot.adapters", "bot.services"),
    }

    def home(module: str) -> str:
        return max((name for name in forbidden if _within(module, name)), key=len, default="")

    wrong = [
        f"{module} imports {name}"
        for module, name in IMPORTS
        if any(_within(name, prefix) for prefix in forbidden.get(home(module), ()))
    ]
    assert not wrong, "\n".join(wrong)


def test_vendors_stay_at_their_place() -> None:
    wrong = [
        f"{module} imports {name}; see VENDORS for where that belongs"
        for module, name in IMPORTS
        for vendor, homes in VENDORS.items()
        if _within(name, vendor) and not any(_within(module, home) for home in homes)
    ]
    assert not wrong, "\n".join(wrong)


def test_chat_and_adapters_do_not_know_each_other() -> None:
    wrong = [
        f"{module} imports {name}"
        for module, name in IMPORTS
        for own, other in APART
        if _within(module, own) and _within(name, other)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_layers_cover_the_bot() -> None:
    outside = [m for m in MODULES if _within(m, "bot") and m != "bot" and _layer(m) is None]
    assert not outside, f"in no layer: {', '.join(outside)}"


def test_the_rules_can_fail(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("import discord\nfrom bot.services.jobs import submit\n")
    assert {"discord", "bot.services.jobs", "bot.services.jobs.submit"} <= set(imported_names(file))
    assert _layer("bot.services.jobs.submit") == 5
    assert _layer("bot.domain.model.job") == 7
