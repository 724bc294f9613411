"""What a browser of the floor (README.md, "Read") may lack: names in JavaScript and the web's APIs.

    python tests/browser/newer.py data.json     # writes newer.txt beside this file

data.json is that of the npm package @mdn/browser-compat-data (CC0). A name is listed if Chrome,
Firefox or Safari did not have it yet in its version below, or had it only behind a flag.
"""

import json
import sys
from pathlib import Path

FLOOR = {"chrome": (125,), "firefox": (126,), "safari": (17, 5)}  # all of May 2024
LIST = Path(__file__).with_name("newer.txt")

# Takes the names away before a page's own scripts run.
REMOVE = """(names) => {
  for (const name of names) {
    const [owner, member] = name.split(".");
    if (member === undefined || owner === "Window") {
      delete globalThis[member ?? owner];
      continue;
    }
    for (const object of [globalThis[owner], globalThis[owner]?.prototype]) {
      if (object && Object.hasOwn(object, member)) delete object[member];
    }
  }
}"""


def remove_newer() -> str:
    """A script for Playwright's `add_init_script`."""
    return f"({REMOVE})({json.dumps(LIST.read_text('utf-8').split())})"


def had(support: dict | list | None, floor: tuple[int, ...]) -> bool:
    """Whether one browser had it, by the entry in MDN's data."""

    def number(version: str | bool | None) -> tuple[int, ...] | None:
        if not isinstance(version, str) or version == "preview":
            return None
        return tuple(int(part) for part in version.lstrip("≤").split("."))

    for entry in support if isinstance(support, list) else [support or {}]:
        added, removed = number(entry.get("version_added")), number(entry.get("version_removed"))
        renamed = entry.keys() & {"flags", "prefix", "alternative_name"}
        if added and added <= floor and not renamed and not (removed and removed <= floor):
            return True
    return False


def newer(data: dict) -> list[str]:
    """The names, from MDN's data."""

    def missing(entry: dict) -> bool:
        support = entry.get("__compat", {}).get("support")
        return support is not None and not all(had(support.get(b), v) for b, v in FLOOR.items())

    names = []
    for room in (data["javascript"]["builtins"], data["api"]):
        for owner, entry in room.items():
            if missing(entry):
                names.append(owner)
                continue
            members = [m for m in entry if m not in ("__compat", owner)]
            for member in members:
                name = member.removesuffix("_static")
                if missing(entry[member]) and name.isidentifier() and not name.endswith("_event"):
                    names.append(f"{owner}.{name}")
    return sorted({name for name in names if name.replace(".", "").isidentifier()})


if __name__ == "__main__":
    LIST.write_text("\n".join(newer(json.loads(Path(sys.argv[1]).read_text("utf-8")))) + "\n")
