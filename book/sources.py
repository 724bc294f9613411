"""What the timeline shows of its sources, taken from references.bib.

    python book/sources.py     # writes lib/large_models/data/milestone_sources.json

A widget has to come without a reader of BibTeX, so labels and links lie beside the milestones;
tests/data/test_milestones.py compares them with the bibliography.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pybtex.database import parse_file
from pybtex.richtext import Text

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "lib/large_models/data/milestone_sources.json"


def label(entry: Any) -> str:
    """Authors and year of an entry of pybtex: "Cortes and Vapnik, 1995", "He et al., 2016"."""
    authors = entry.persons["author"]
    names = [str(Text.from_latex(" ".join([*p.prelast_names, *p.last_names]))) for p in authors]
    if len(names) <= 2 and "others" not in names:
        shown = " and ".join(names)
    else:  # a group, in braces in the bibliography, speaks for its members
        is_group = str(authors[0]).startswith("{")
        shown = names[0] if is_group else f"{names[0]} et al."
    return f"{shown}, {entry.fields['year']}"


def link(entry: Any) -> str:
    """Where the source can be read."""
    return entry.fields.get("url") or f"https://doi.org/{entry.fields['doi']}"


def sources() -> dict[str, list[str]]:
    """Label and link of each source that a milestone names, by its key."""
    sys.path.insert(0, str(ROOT / "lib"))
    from large_models.data.milestones import cited

    entries: Any = parse_file(ROOT / "references.bib").entries
    return {key: [label(entries[key]), link(entries[key])] for key in sorted(cited())}


def as_text() -> str:
    """The file's text."""
    return json.dumps(sources(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SOURCES.write_text(as_text(), "utf-8")
