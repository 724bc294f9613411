"""Where the docstring corpus comes from: `python -m large_models.data.harvest` makes
lib/large_models/data/corpus again.

`data.prose` finds the sentences of one file; here are the packages, the licences and the split.
A sentence is kept once, with the package and the section in which it was found first. A whole
source file goes to train, validation or test (`split_of`), so a sentence cannot be on two sides.

`data.docstrings` reads the result. Chapters: 2_concepts, 3_2_rnn, 3_4_transformer,
4_1_train_bert.
"""

import argparse
import hashlib
import importlib.metadata
import importlib.util
import json
import platform
import re
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from large_models.data.docstrings import CORPUS, PACKAGES, SECTIONS, SPLITS
from large_models.data.prose import harvest_source

# A package's folders in site-packages; the standard library has no such folder.
FOLDERS = {package: [package] for package in PACKAGES if package != "python"}
FOLDERS["matplotlib"] = ["matplotlib", "mpl_toolkits"]
FOLDERS["scikit-learn"] = ["sklearn"]
# Folders of tests, of tables, and of other projects' work under other terms.
SKIPPED_FOLDERS = {
    *("_antlr", "_lib", "_pocketfft", "_vendor", "externals", "qt_editor", "vendored_templates"),
    *("encodings", "idle_test", "site-packages", "test", "testing", "tests"),
}
SKIPPED_PATHS = ("sympy/parsing/latex/", "sympy/parsing/autolev/")
# A file that speaks of terms of its own is left out: its package's licence then covers the rest.
OWN_TERMS = (
    *("permission is hereby granted", "permission to use, copy", "redistribution and use in"),
    *("apache license", "apache software license", "license-identifier: apache", "mit license"),
    *("creativecommons", "creative commons", "attribution-share", "general public licen", "lgpl"),
    *("mozilla public", "secret labs", "software foundation license", "governed by"),
    *("licensed under", "licenced under", "in no event"),
)
PACKAGE_TERMS = re.compile(  # what the packages' own files say
    r"source code is licensed under the bsd|licensed to psf under|distributed under the same"
)


class Sentence(NamedTuple):
    """One line of the corpus."""

    package: str
    file: str
    section: str
    text: str


def split_of(package: str, file: str) -> str:
    """The side on which a source file is: 80 % train, 10 % validation, 10 % test, by its name."""
    bucket = hashlib.sha256(f"{package}/{file}".encode()).digest()[0] % 10
    return "test" if bucket == 0 else "validation" if bucket == 1 else "train"


def source_files(package: str) -> Iterator[tuple[str, Path]]:
    """(name, path) of each Python file of an installed package that may be used, sorted by name.

    Names look like "networkx/algorithms/cycles.py"; the standard library's begin with "python/".
    """
    roots = {"python": Path(sysconfig.get_path("stdlib"))}
    if package != "python":
        specs = [importlib.util.find_spec(folder) for folder in FOLDERS[package]]
        roots = {
            spec.name: Path(spec.submodule_search_locations[0])
            for spec in specs
            if spec and spec.submodule_search_locations
        }
    for folder, root in roots.items():
        files = {
            f"{folder}/{path.relative_to(root).as_posix()}": path for path in root.rglob("*.py")
        }
        for name, path in sorted(files.items()):
            if SKIPPED_FOLDERS.isdisjoint(name.split("/")) and not name.startswith(SKIPPED_PATHS):
                yield name, path


def has_own_terms(source: str) -> bool:
    """Whether a file speaks of a licence other than its package's."""
    source = PACKAGE_TERMS.sub("", source.lower())
    return any(terms in source for terms in OWN_TERMS)


def key(sentence: str) -> str:
    """Equal for two sentences that differ in case, digits, punctuation or spaces only."""
    return " ".join(re.findall(r"[a-z]+", sentence.lower()))


def harvest(packages: Iterable[str] = PACKAGES) -> list[Sentence]:
    """Every sentence once, in the order of packages, files and lines.

    A sentence found again goes to where it was first; one found in two packages is left out, since
    its label would be wrong half of the time.
    """
    found: dict[str, Sentence] = {}
    shared = set()
    for package in packages:
        for file, path in source_files(package):
            source = path.read_text("utf-8", errors="replace")
            if has_own_terms(source):
                continue
            for section, text in harvest_source(source):
                sentence = Sentence(package, file, section, text)
                if found.setdefault(key(text), sentence).package != package:
                    shared.add(key(text))
    return [sentence for same, sentence in found.items() if same not in shared]


def licence(package: str) -> str:
    """A package's own licence, without those of the binary libraries that its wheel carries."""
    if package == "python":
        return (Path(sysconfig.get_path("stdlib")) / "LICENSE.txt").read_text("utf-8")
    own = re.compile(r"[^/]+\.dist-info/(licenses/)?(numpy/ma/)?(LICENSE|COPYING)(\.txt)?")
    files = sorted(str(file) for file in importlib.metadata.files(package) or [])
    root = importlib.metadata.distribution(package)
    texts = [
        Path(str(root.locate_file(file))).read_text("utf-8")
        for file in files
        if own.fullmatch(file)
    ]
    return "\n\n".join(re.split(r"(?m)^----$", text)[0].strip() for text in texts) + "\n"


def write(sentences: list[Sentence], directory: Path) -> dict:
    """Write the three sides, the licences, and corpus.json, whose content is returned."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES if name != "python"}
    versions["python"] = platform.python_version()
    report = {"versions": versions, "sha256": {}, "counts": {}}
    (directory / "licences").mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        (directory / "licences" / f"{package}.txt").write_text(licence(package), "utf-8")
    for split in SPLITS:
        rows = [row for row in sentences if split_of(row.package, row.file) == split]
        lines = (f"{row.file}\t{row.package}\t{row.section}\t{row.text}\n" for row in rows)
        data = "".join(lines).encode("ascii")
        import lzma

        packed = lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
        (directory / f"{split}.tsv.xz").write_bytes(packed)
        packages, sections = Counter(r.package for r in rows), Counter(r.section for r in rows)
        report["sha256"][split] = hashlib.sha256(data).hexdigest()
        report["counts"][split] = {
            "sentences": len(rows),
            "words": sum(len(row.text.split()) for row in rows),
            "files": len({row.file for row in rows}),
            "packages": {name: packages[name] for name in PACKAGES},
            "sections": {name: sections[name] for name in SECTIONS},
        }
    (directory / "corpus.json").write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    return report


def main() -> None:
    """Harvest what is installed and write the corpus."""
    parser = argparse.ArgumentParser(description="Make the docstring corpus from what is installed")
    parser.add_argument("--out", type=Path, default=CORPUS, help="folder to write (%(default)s)")
    print(json.dumps(write(harvest(), parser.parse_args().out), indent=2))


if __name__ == "__main__":
    main()
