"""Some fifty learning machines, 1958 to today: when, how large, on how much, with how much work.

Every figure names its source, a key of references.bib, and how it came about:

    stated     a paper says so: the model's own, or where that is silent another one
    computed   here: 6 operations for each parameter and token (Kaplan et al. 2020), from sizes that
               the source states; a mixture of experts counts the parameters that a token uses, a
               network that shares its weights counts connections
    estimated  from hardware and time, or from a similar model: by Epoch AI's database, where its
               notes show how, or by the paper that is named

Every estimate was compared with the database's notes, which quote the papers: what the papers state
is not called an estimate. A figure for which no source was found, or on which the editions of the
database disagree, is None. Training data is counted as the source counts it: words and tokens,
images, hours, games are different things and stay apart. The choice of models is ours: it follows
what the chapters of this book are about. What it leaves out at the top is in `ABOVE_1E25`.
Chapter: 1_background.
"""

import json
from dataclasses import dataclass
from pathlib import Path

FIELDS = ("vision", "language", "speech", "games", "multimodal", "other")
HOW = ("stated", "computed", "estimated")
TEXT = ("words", "tokens")
IMAGES = ("images", "image-text pairs")
UNITS = (*TEXT, *IMAGES, "sentence pairs", "hours", "games", "positions", "relations", "sequences")


@dataclass(frozen=True)
class Figure:
    """A number with where it is from.

    Raises:
        ValueError: if it is not positive, `how` is unknown, or there is no source.
    """

    value: float
    source: str  # a key of references.bib
    how: str  # one of HOW
    unit: str = ""  # of training data: one of UNITS

    def __post_init__(self) -> None:
        if not self.value > 0:
            raise ValueError(f"value: expected a positive number, got {self.value!r}")
        if self.how not in HOW:
            raise ValueError(f"how: expected one of {', '.join(HOW)}, got {self.how!r}")
        if not self.source:
            raise ValueError("source: expected a key of references.bib, got none")
        if self.unit and self.unit not in UNITS:
            raise ValueError(f"unit: expected one of {', '.join(UNITS)}, got {self.unit!r}")


@dataclass(frozen=True)
class Milestone:
    """A model.

    Raises:
        ValueError: for a date that is not YYYY or YYYY-MM, another field, or data without a unit.
    """

    name: str
    published: str  # YYYY-MM, or YYYY where no month is known
    field: str  # one of FIELDS
    source: str  # where it was published: a key of references.bib
    parameters: Figure | None = None
    data: Figure | None = None
    compute: Figure | None = None  # floating-point operations of the training
    active: Figure | None = None  # parameters that one token uses, if fewer

    def __post_init__(self) -> None:
        year, _, month = self.published.partition("-")
        if not (year.isdigit() and 1950 <= int(year) <= 2100 and (not month or month.isdigit())):
            raise ValueError(f"published: expected YYYY or YYYY-MM, got {self.published!r}")
        if month and not 1 <= int(month) <= 12:
            raise ValueError(f"published: expected a month from 01 to 12, got {self.published!r}")
        if self.field not in FIELDS:
            raise ValueError(f"field: expected one of {', '.join(FIELDS)}, got {self.field!r}")
        if self.data and not self.data.unit:
            raise ValueError(f"{self.name}: expected a unit of the training data, got none")

    @property
    def year(self) -> int:
        return int(self.published[:4])

    @property
    def time(self) -> float:
        """In years: the middle of the month, or of the year."""
        return time_of(self.published)


@dataclass(frozen=True)
class Source:
    """What the page shows of an entry of references.bib."""

    label: str  # authors and year
    url: str


EPOCH = "epoch2022trends"


def _says(value: float, source: str, unit: str = "") -> Figure:
    return Figure(value, source, "stated", unit)


def _epoch(value: float, unit: str = "") -> Figure:
    return Figure(value, EPOCH, "estimated", unit)


def training_operations(parameters: float, examples: float) -> float:
    """6 N D: two operations a parameter forward, four backward, for each of D tokens or examples
    (Kaplan et al. 2020, section 2.1).

    Raises:
        ValueError: if one of them is not positive.
    """
    if not (parameters > 0 and examples > 0):
        raise ValueError(f"expected positive numbers, got {parameters!r} and {examples!r}")
    return 6.0 * parameters * examples


def _six(parameters: float, examples: float, source: str) -> Figure:
    return Figure(training_operations(parameters, examples), source, "computed")


def _model(
    name: str,
    published: str,
    field: str,
    source: str,
    parameters: Figure | float | None = None,
    data: Figure | tuple[float, str] | None = None,
    compute: Figure | float | None = None,
    active: float | None = None,
) -> Milestone:
    """A model; what stands here as a plain number is stated by its own publication."""

    def figure(given: Figure | tuple[float, str] | float | None) -> Figure | None:
        if given is None or isinstance(given, Figure):
            return given
        return (
            _says(given[0], source, given[1]) if isinstance(given, tuple) else _says(given, source)
        )

    figures = (figure(parameters), figure(data), figure(compute), figure(active))
    return Milestone(name, published, field, source, *figures)


def _language(
    name: str,
    published: str,
    source: str,
    n: float,
    d: float,
    compute: float | None = None,
    active: float | None = None,
    field: str = "language",
) -> Milestone:
    """A model that reads each of d tokens once; the source states both, and the rule the rest."""
    ruled = compute or _six(active or n, d, source)
    return _model(name, published, field, source, n, (d, "tokens"), ruled, active)


# One or two lines a model, to be read as a table.
# fmt: off
MILESTONES = (
    _model("Perceptron", "1958-11", "vision", "rosenblatt1958perceptron",
           _epoch(1000), None, _epoch(6.9e5)),
    _model("Checkers program", "1959-07", "games", "samuel1959checkers",
           16, (53_000, "positions"), _epoch(4.3e8)),
    _model("ADALINE", "1960-06", "vision", "widrow1960adaptive", 17, (100, "images"), _epoch(6600)),
    _model("Neocognitron", "1980-04", "vision", "fukushima1980neocognitron",
           _epoch(1.14e6), (5, "images"), _epoch(2.7e8)),
    _model("CART", "1984", "other", "breiman1984cart"),
    _model("ID3", "1986", "other", "quinlan1986induction"),
    _model("Back-propagation", "1986-10", "other", "rumelhart1986backpropagation",
           _epoch(720), (104, "relations"), _epoch(6.7e8)),
    _model("NETtalk", "1987-06", "speech", "sejnowski1987nettalk",
           18_629, (1024, "words"), _epoch(2.8e10)),
    # The weights are shared, so connections count: 64,660, at 167,693 presentations.
    _model("Zip code network", "1989-12", "vision", "lecun1989zip",
           9760, (7291, "images"), _six(64_660, 167_693, "lecun1989zip")),
    _model("TD-Gammon", "1992-05", "games", "tesauro1992td",
           25_000, (300_000, "games"), _epoch(1.8e13)),
    _model("Support-vector network", "1995", "vision", "cortes1995svm"),
    _model("LSTM", "1997-11", "other", "hochreiter1997lstm",
           10_504, (5e6, "sequences"), _epoch(3.2e13)),
    # Connections again, and 20 passes.
    _model("LeNet-5", "1998-11", "vision", "lecun1998gradient",
           60_000, (60_000, "images"), _six(340_908, 20 * 60_000, "lecun1998gradient")),
    _model("Neural language model", "2000-11", "language", "bengio2000neural",
           _epoch(6.9e6), (32e6, "words"), _epoch(6.3e15)),
    _model("Stupid backoff 5-grams", "2007-06", "language", "brants2007large",
           3e11, (1.8e12, "tokens"), _epoch(1.4e18)),
    _model("AlexNet", "2012-09", "vision", "krizhevsky2012alexnet",
           60e6, (1.2e6, "images"), _epoch(4.7e17)),
    _model("DQN", "2013-12", "games", "mnih2013atari", _epoch(8.4e5), None, _epoch(2.8e15)),
    _model("VGG-16", "2014-09", "vision", "simonyan2014vgg",
           138e6, (1.3e6, "images"), _epoch(1.2e19)),
    _model("Sequence to sequence", "2014-09", "language", "sutskever2014seq2seq",
           384e6, (652e6, "words"), _six(384e6, 7.5 * 652e6, "sutskever2014seq2seq")),
    _model("Deep Speech 2", "2015-12", "speech", "amodei2015deepspeech2",
           None, (11_940, "hours"), _epoch(2.6e19)),
    _model("ResNet-152", "2015-12", "vision", "he2016residual",
           _epoch(60.2e6), (1.28e6, "images"), _epoch(1.0e19)),
    # The paper describes the version that beat Fan Hui, not the later one that beat Lee Sedol.
    _model("AlphaGo", "2016-01", "games", "silver2016alphago",
           _epoch(8.2e6), (29.4e6, "positions"), _epoch(3.8e20)),
    # One translator, English to French: 96 K80 for six days (Shazeer et al. 2017, table 2). The
    # database has 6.6e21, for a production system about which no paper gives hardware or time.
    _model("GNMT", "2016-09", "language", "wu2016gnmt",
           _says(278e6, "shazeer2017moe"), (36e6, "sentence pairs"),
           Figure(1.4e20, "vaswani2017attention", "estimated")),
    # The big model: its size from table 3, the operations from table 2.
    _model("Transformer", "2017-06", "language", "vaswani2017attention",
           213e6, (36e6, "sentence pairs"), 2.3e19),
    _model("AlphaGo Zero", "2017-10", "games", "silver2017zero",
           _epoch(46.4e6), (29e6, "games"), _epoch(3.4e23)),
    # The size is that of the smallest model in table 2 of GPT-2's paper, "the original GPT".
    _model("GPT", "2018-06", "language", "radford2018gpt",
           _says(117e6, "radford2019gpt2"), _epoch(1e9, "words"),
           _says(0.96e15 * 86_400, "radford2018blog")),
    _model("BERT-large", "2018-10", "language", "devlin2019bert",
           340e6, (3.3e9, "words"), _epoch(2.9e20)),
    _model("GPT-2", "2019-02", "language", "radford2019gpt2",
           1.5e9, _epoch(1.07e10, "tokens"), _epoch(1.9e21)),
    _model("T5-11B", "2019-10", "language", "raffel2019t5", 11e9, (1e12, "tokens"), _epoch(3.3e22)),
    _model("AlphaStar", "2019-10", "games", "vinyals2019alphastar", 139e6, None, _epoch(5.9e22)),
    _model("OpenAI Five", "2019-12", "games", "berner2019dota", 159e6, None, 770e15 * 86_400),
    _language("GPT-3", "2020-05", "brown2020gpt3", 175e9, 300e9, compute=3.14e23),
    _model("ViT-H/14", "2020-10", "vision", "dosovitskiy2020vit",
           632e6, (303e6, "images"), 4.262e21),
    _model("AlphaFold 2", "2020-11", "other", "jumper2021alphafold",
           _epoch(93e6), None, _epoch(3.0e21)),
    _model("CLIP", "2021-01", "multimodal", "radford2021clip",
           _epoch(370e6), (400e6, "image-text pairs"), _epoch(1.05e22)),
    _model("DALL-E", "2021-01", "multimodal", "ramesh2021dalle",
           12e9, (250e6, "image-text pairs"), _epoch(4.7e22)),
    _model("Switch Transformer", "2021-01", "language", "fedus2021switch",
           1.571e12, (576e9, "tokens"), _epoch(8.2e22)),
    _language("Gopher", "2021-12", "rae2021gopher", 280e9, 300e9, compute=6.31e23),
    _language("Chinchilla", "2022-03", "hoffmann2022chinchilla", 70e9, 1.4e12, compute=5.76e23),
    _language("PaLM", "2022-04", "chowdhery2022palm", 540.35e9, 780e9),
    _model("Latent diffusion", "2022-04", "multimodal", "rombach2021ldm",
           1.45e9, (400e6, "image-text pairs"), _epoch(5e22)),
    _model("Whisper", "2022-09", "speech", "radford2022whisper",
           1.55e9, (680_000, "hours"), _epoch(4.2e21)),
    _model("ViT-22B", "2023-02", "vision", "dehghani2023vit22b",
           21.743e9, (4e9, "images"), _epoch(1.9e23)),
    _language("LLaMA-65B", "2023-02", "touvron2023llama", 65.2e9, 1.4e12),
    _model("GPT-4", "2023-03", "multimodal", "openai2023gpt4", None, None, _epoch(2.1e25)),
    _language("Falcon-180B", "2023-09", "almazrouei2023falcon",
              180e9, 3.5e12, compute=43_500e15 * 86_400),
    _language("Llama 3.1 405B", "2024-07", "dubey2024llama3", 405e9, 15.6e12, compute=3.8e25),
    _language("DeepSeek-V3", "2024-12", "deepseek2024v3", 671e9, 14.8e12, active=37e9),
    _language("Gemma 3 27B", "2025-03", "gemma2025gemma3", 27e9, 14e12, field="multimodal"),
    _language("Qwen3-235B", "2025-04", "qwen2025qwen3", 235e9, 36e12, active=22e9),
    _language("Kimi K2", "2025-07", "kimi2025k2", 1e12, 15.5e12, active=32e9),
    _language("Trinity Large", "2026-02", "arcee2026trinity", 400e9, 17e12, active=13e9),
    _language("DeepSeek-V4-Pro", "2026-04", "deepseek2026v4", 1.6e12, 32e12, active=49e9),
    _model("Kimi K3", "2026-07", "multimodal", "kimi2026k3", 2.8e12, active=104e9),
)
# fmt: on

# Trainings above 10^25 operations that the database has (as of April 2025) and MILESTONES has not:
# of most of them the makers state neither size nor data. Name, date, operations; those that the
# database marks as of unknown confidence are left out.
ABOVE_1E25 = (
    ("Inflection-2", "2023-11", 1.0e25),
    ("Gemini 1.0 Ultra", "2023-12", 5.0e25),
    ("Gemini 1.5 Pro", "2024-02", 1.6e25),
    ("Mistral Large", "2024-02", 1.1e25),
    ("Claude 3 Opus", "2024-03", 1.6e25),
    ("Aramco Metabrain AI", "2024-03", 1.05e25),
    ("Inflection-2.5", "2024-03", 1.0e25),
    ("GPT-4o", "2024-05", 3.8e25),
    ("Nemotron-4 340B", "2024-06", 1.8e25),
    ("Claude 3.5 Sonnet", "2024-06", 3.65e25),
    ("Mistral Large 2", "2024-07", 2.1e25),
    ("Grok-2", "2024-08", 3.0e25),
    ("Doubao-pro", "2024-10", 2.5e25),
    ("Grok-3", "2025-02", 4.6e26),
    ("Claude 3.7 Sonnet", "2025-02", 3.35e25),
)


def time_of(published: str) -> float:
    """A date YYYY-MM or YYYY in years: the middle of the month, or of the year."""
    year, _, month = published.partition("-")
    return int(year) + ((int(month) - 0.5) / 12 if month else 0.5)


QUANTITIES = ("parameters", "text", "images", "compute")


def figure_of(milestone: Milestone, quantity: str) -> Figure | None:
    """What stands up the axis: "text" and "images" are training data counted in one of their units.

    Raises:
        ValueError: for another quantity.
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"quantity: expected one of {', '.join(QUANTITIES)}, got {quantity!r}")
    if quantity in ("parameters", "compute"):
        return getattr(milestone, quantity)
    units = TEXT if quantity == "text" else IMAGES
    return milestone.data if milestone.data and milestone.data.unit in units else None


def find(name: str) -> Milestone:
    """A model by its name.

    Raises:
        ValueError: if there is none.
    """
    for milestone in MILESTONES:
        if milestone.name == name:
            return milestone
    raise ValueError(f"name: expected one of {', '.join(m.name for m in MILESTONES)}, got {name!r}")


def cited() -> set[str]:
    """The keys of all sources."""
    figures = (f for m in MILESTONES for f in (m.parameters, m.data, m.compute, m.active) if f)
    return {EPOCH} | {m.source for m in MILESTONES} | {figure.source for figure in figures}


# From references.bib, by `python book/sources.py`.
_FILE = Path(__file__).with_name("milestone_sources.json")
SOURCES = {key: Source(*shown) for key, shown in json.loads(_FILE.read_text("utf-8")).items()}
