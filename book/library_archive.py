"""The book's library as the page gets it: an archive of everything that its Python needs there.

Pyodide has NumPy and others; what it does not have is pure Python and comes from this environment:
ipywidgets, anywidget and what they need, and IPython's pretty printer alone.
"""

import functools
import io
import lzma
import zipfile
from importlib.metadata import distribution
from pathlib import Path

from large_models import files

BOOK = Path(__file__).resolve().parent
PACKAGE = Path(files.__file__).parent
PURE = ("ipywidgets", "anywidget", "comm", "psygnal", "typing_extensions", "traitlets", "tqdm")
PURE += ("filelock",)  # PyTorch's, should a reader add that
# scikit-learn's own are 22 MB in the page; these are its data, in its own files.
SKLEARN_DATA = ("data/digits.csv.gz", "images/china.jpg", "images/flower.jpg")
LATE = "data/corpus"  # of the package, brought when a cell opens it
NEVER = {"__pycache__", "tests"}


@functools.cache
def archive() -> bytes:
    """The library, the kernel and their needs; shipped weights as empty folders."""
    content: dict[str, bytes] = {}
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(PACKAGE.parent).as_posix()
        source = path.suffix in (".py", ".json") or path.parent.name == "bundles"
        if path.is_file() and source and not NEVER & set(path.parts) and f"/{LATE}/" not in name:
            content[name] = path.read_bytes()
    for path in sorted((BOOK / "run" / "page_kernel").glob("*.py")):
        content[f"page_kernel/{path.name}"] = path.read_bytes()
    for name in ("cells.py", "figure_svg.py"):
        content[name] = (BOOK / name).read_bytes()
    for name in PURE:
        content |= _pure(name)
    for name in ("", "lib/", "core/"):
        content[f"IPython/{name}__init__.py"] = b""
    ipython = distribution("ipython")
    content["IPython/lib/pretty.py"] = _read(ipython.locate_file("IPython/lib/pretty.py"))
    sklearn = distribution("scikit-learn")
    for name in SKLEARN_DATA:
        path = sklearn.locate_file(f"sklearn/datasets/{name}")
        content[f"sklearn_data/{Path(name).name}"] = _read(path)
    return _zip(content, [f"large_models/shipped/{name}/" for name in files.shipped()])


def shipped(name: str) -> tuple[str, bytes]:
    """Weights by their name, or "corpus": the folder where they belong, and their archive."""
    folder = PACKAGE / LATE if name == "corpus" else files.weights(name)
    place = f"/book/large_models/{LATE if name == 'corpus' else f'shipped/{name}'}"
    content = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        file, data = path.relative_to(folder).as_posix(), path.read_bytes()
        if path.suffix == ".xz":  # which a page's Python may not know
            file, data = file.removesuffix(".xz"), lzma.decompress(data)
        content[file] = data
    return place, _zip(content)


def _pure(name: str) -> dict[str, bytes]:
    """A distribution's Python files, and its METADATA, in which some look up their version."""
    found = {}
    for file in distribution(name).files or []:
        wanted = file.suffix == ".py" or file.name == "METADATA"
        if wanted and not NEVER & set(file.parts) and ".." not in file.parts:
            found[file.as_posix()] = _read(file.locate())
    return found


def _read(path: object) -> bytes:
    return Path(str(path)).read_bytes()


def _zip(content: dict[str, bytes], folders: list[str] | None = None) -> bytes:
    """An archive that depends on nothing but its content."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name in folders or []:
            made.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), b"")
        for name, data in sorted(content.items()):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, data)
    return out.getvalue()
