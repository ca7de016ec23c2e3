"""Writes the tables of docs/performance.md from the result files, between their markers.

python benchmarks/page.py
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from measure.arguments import RESULTS, folder
from measure.machine import ROOT
from measure.tables import table_of

PAGE = ROOT / "docs" / "performance.md"
_TABLE = re.compile(r"<!-- table: (?P<name>[^>]*?) -->\n.*?<!-- end of table -->", re.DOTALL)


def filled(text: str, results: Path) -> str:
    """A page with its tables written anew.

    Args:
        text: of the page; a table stands between `<!-- table: NAME DEVICE -->` and `<!-- end of table -->`.
        results: folder of the result files.

    Raises:
        ValueError: for a name that no table has.
    """

    def table(match: re.Match[str]) -> str:
        name = match["name"]
        lines = "\n".join(table_of(name, results))
        return f"<!-- table: {name} -->\n\n{lines}\n\n<!-- end of table -->"

    return _TABLE.sub(table, text)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--results", type=folder, default=RESULTS, help="folder of the result files")
    made.add_argument("--page", type=Path, default=PAGE)
    options = made.parse_args(arguments)
    text = options.page.read_text(encoding="utf-8")
    options.page.write_text(filled(text, options.results), encoding="utf-8")


if __name__ == "__main__":
    main()
