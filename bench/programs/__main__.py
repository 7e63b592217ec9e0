"""`python -m bench.programs`: run the programs in the sandbox and write their table into docs/training-code.md."""

import asyncio

from bench.programs.listed import PROGRAMS
from bench.programs.listing import BEGIN, DOCS, END, cells, markdown, replaced
from bench.programs.observe import observe


def main() -> None:
    observed = asyncio.run(observe(PROGRAMS))
    table = markdown([cells(each) for each in observed])
    print(table, end="")
    DOCS.write_text(replaced(DOCS.read_text(), BEGIN, END, table))
    raise SystemExit(0 if all(each.good for each in observed) else 1)


if __name__ == "__main__":
    main()
