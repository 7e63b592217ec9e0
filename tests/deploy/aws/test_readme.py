"""The figures in deploy/aws/README.md add up, and the files it links to exist."""

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest

from tests.deploy.aws.template import ROOT

README = ROOT / "deploy" / "aws" / "README.md"
ROW = re.compile(r"^\|(?P<what>[^|]+)\|(?P<assumed>[^|]*)\|(?P<usd>[^|]+)\|$", re.M)
TIMES = "\N{MULTIPLICATION SIGN}"
PRODUCT = re.compile(rf"([\d,]+)(?: \w+)? {TIMES} ([\d.]+)(?: / ([\d,]+))?")


def _rows() -> list[tuple[str, str, str]]:
    costs = README.read_text().split("## What it costs when idle", 1)[1].split("\n## ", 1)[0]
    return [(row["what"].strip(), row["assumed"].strip(), row["usd"].strip()) for row in ROW.finditer(costs)][2:]


def test_each_total_is_the_sum_of_its_rows() -> None:
    total, sums = Decimal(0), []
    for _, _, usd in _rows():
        if usd.startswith("**"):
            assert Decimal(usd.strip("*")) == total
            sums.append(total)
        else:
            total += Decimal(usd)
    assert len(sums) == 2


@pytest.mark.parametrize(("what", "assumed", "usd"), [row for row in _rows() if TIMES in row[1]])
def test_each_cost_matches_its_formula(what: str, assumed: str, usd: str) -> None:
    found = PRODUCT.search(assumed)
    assert found is not None, what
    count, price, divisor = (Decimal((part or "1").replace(",", "")) for part in found.groups())
    assert Decimal(usd) == (count * price / divisor).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_linked_files_exist() -> None:
    for name in re.findall(r"\]\(([^)]+)\)", README.read_text()):
        assert (README.parent / name).exists(), name
