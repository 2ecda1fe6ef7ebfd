"""The rules that the pages in specs/ state."""

import re
from pathlib import Path

RULE = re.compile(r"^#### ([A-Z]{3}-[RI][0-9]+): ", re.MULTILINE)


def rules(specs: Path) -> dict[str, str]:
    """The page of each rule."""
    found: dict[str, str] = {}
    for page in sorted(specs.glob("*.md")):
        for rule in RULE.findall(page.read_text()):
            if rule in found:
                raise ValueError(f"{rule} is stated twice: in {found[rule]} and in {page.stem}")
            found[rule] = page.stem
    return found
