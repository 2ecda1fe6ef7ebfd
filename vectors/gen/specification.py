"""The rules that the pages in specs/ state."""

import re
from pathlib import Path

RULE = re.compile(r"^#### ([A-Z]{3}-[RI][0-9]+): ", re.MULTILINE)


def rules(specs: Path) -> dict[str, str]:
    """Page of every rule."""
    found: dict[str, str] = {}
    for page in sorted(specs.glob("*.md")):
        for rule in RULE.findall(page.read_text()):
            if rule in found:
                raise ValueError(f"{rule} stands twice: {found[rule]} and {page.stem}")
            found[rule] = page.stem
    return found
