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

from dataclasses import dataclass

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


def _language(name: str, published: str, source: str, n: float, d: float, **more) -> Milestone:
    """A model that reads each of d tokens once; the source states both, and the rule the rest."""
    active = more.pop("active", None)
    field = more.pop("field", "language")
    return Milestone(
        name,
        published,
        field,
        source,
        _says(n, source),
        _says(d, source, "tokens"),
        more.pop("compute", None) or _six(active or n, d, source),
        _says(active, source) if active else None,
        **more,
    )


MILESTONES = (
    Milestone(
        "Perceptron",
        "1958-11",
        "vision",
        "rosenblatt1958perceptron",
        _epoch(1000),
        None,
        _epoch(6.9e5),
    ),
    Milestone(
        "Checkers program",
        "1959-07",
        "games",
        "samuel1959checkers",
        _says(16, "samuel1959checkers"),
        _says(53_000, "samuel1959checkers", "positions"),
        _epoch(4.3e8),
    ),
    Milestone(
        "ADALINE",
        "1960-06",
        "vision",
        "widrow1960adaptive",
        _says(17, "widrow1960adaptive"),
        _says(100, "widrow1960adaptive", "images"),
        _epoch(6600),
    ),
    Milestone(
        "Neocognitron",
        "1980-04",
        "vision",
        "fukushima1980neocognitron",
        _epoch(1.14e6),
        _says(5, "fukushima1980neocognitron", "images"),
        _epoch(2.7e8),
    ),
    Milestone("CART", "1984", "other", "breiman1984cart"),
    Milestone("ID3", "1986", "other", "quinlan1986induction"),
    Milestone(
        "Back-propagation",
        "1986-10",
        "other",
        "rumelhart1986backpropagation",
        _epoch(720),
        _says(104, "rumelhart1986backpropagation", "relations"),
        _epoch(6.7e8),
    ),
    Milestone(
        "NETtalk",
        "1987-06",
        "speech",
        "sejnowski1987nettalk",
        _says(18_629, "sejnowski1987nettalk"),
        _says(1024, "sejnowski1987nettalk", "words"),
        _epoch(2.8e10),
    ),
    Milestone(
        "Zip code network",
        "1989-12",
        "vision",
        "lecun1989zip",
        _says(9760, "lecun1989zip"),
        _says(7291, "lecun1989zip", "images"),
        # The weights are shared, so connections count: 64,660, at 167,693 presentations.
        _six(64_660, 167_693, "lecun1989zip"),
    ),
    Milestone(
        "TD-Gammon",
        "1992-05",
        "games",
        "tesauro1992td",
        _says(25_000, "tesauro1992td"),
        _says(300_000, "tesauro1992td", "games"),
        _epoch(1.8e13),
    ),
    Milestone("Support-vector network", "1995", "vision", "cortes1995svm"),
    Milestone(
        "LSTM",
        "1997-11",
        "other",
        "hochreiter1997lstm",
        _says(10_504, "hochreiter1997lstm"),
        _says(5e6, "hochreiter1997lstm", "sequences"),
        _epoch(3.2e13),
    ),
    Milestone(
        "LeNet-5",
        "1998-11",
        "vision",
        "lecun1998gradient",
        _says(60_000, "lecun1998gradient"),
        _says(60_000, "lecun1998gradient", "images"),
        _six(340_908, 20 * 60_000, "lecun1998gradient"),  # connections; 20 passes
    ),
    Milestone(
        "Neural language model",
        "2000-11",
        "language",
        "bengio2000neural",
        _epoch(6.9e6),
        _says(32e6, "bengio2000neural", "words"),
        _epoch(6.3e15),
    ),
    Milestone(
        "Stupid backoff 5-grams",
        "2007-06",
        "language",
        "brants2007large",
        _says(3e11, "brants2007large"),
        _says(1.8e12, "brants2007large", "tokens"),
        _epoch(1.4e18),
    ),
    Milestone(
        "AlexNet",
        "2012-09",
        "vision",
        "krizhevsky2012alexnet",
        _says(60e6, "krizhevsky2012alexnet"),
        _says(1.2e6, "krizhevsky2012alexnet", "images"),
        _epoch(4.7e17),
    ),
    Milestone(
        "DQN",
        "2013-12",
        "games",
        "mnih2013atari",
        _epoch(8.4e5),
        None,
        _epoch(2.8e15),
    ),
    Milestone(
        "VGG-16",
        "2014-09",
        "vision",
        "simonyan2014vgg",
        _says(138e6, "simonyan2014vgg"),
        _says(1.3e6, "simonyan2014vgg", "images"),
        _epoch(1.2e19),
    ),
    Milestone(
        "Sequence to sequence",
        "2014-09",
        "language",
        "sutskever2014seq2seq",
        _says(384e6, "sutskever2014seq2seq"),
        _says(652e6, "sutskever2014seq2seq", "words"),
        _six(384e6, 7.5 * 652e6, "sutskever2014seq2seq"),
    ),
    Milestone(
        "Deep Speech 2",
        "2015-12",
        "speech",
        "amodei2015deepspeech2",
        None,
        _says(11_940, "amodei2015deepspeech2", "hours"),
        _epoch(2.6e19),
    ),
    Milestone(
        "ResNet-152",
        "2015-12",
        "vision",
        "he2016residual",
        _epoch(60.2e6),
        _says(1.28e6, "he2016residual", "images"),
        _epoch(1.0e19),
    ),
    Milestone(
        "AlphaGo",
        "2016-01",
        "games",
        "silver2016alphago",
        # The paper describes the version that beat Fan Hui, not the later one that beat Lee Sedol.
        _epoch(8.2e6),
        _says(29.4e6, "silver2016alphago", "positions"),
        _epoch(3.8e20),
    ),
    Milestone(
        "GNMT",
        "2016-09",
        "language",
        "wu2016gnmt",
        # One translator, English to French: 96 K80 for six days (Shazeer et al. 2017, table 2). The
        # database has 6.6e21, for a production system about which no paper gives hardware or time.
        _says(278e6, "shazeer2017moe"),
        _says(36e6, "wu2016gnmt", "sentence pairs"),
        Figure(1.4e20, "vaswani2017attention", "estimated"),
    ),
    Milestone(
        "Transformer",
        "2017-06",
        "language",
        "vaswani2017attention",
        _says(213e6, "vaswani2017attention"),  # table 3, the big model
        _says(36e6, "vaswani2017attention", "sentence pairs"),
        _says(2.3e19, "vaswani2017attention"),  # table 2
    ),
    Milestone(
        "AlphaGo Zero",
        "2017-10",
        "games",
        "silver2017zero",
        _epoch(46.4e6),
        _says(29e6, "silver2017zero", "games"),
        _epoch(3.4e23),
    ),
    Milestone(
        "GPT",
        "2018-06",
        "language",
        "radford2018gpt",
        _says(117e6, "radford2019gpt2"),  # table 2, its smallest model: "the original GPT"
        _epoch(1e9, "words"),
        _says(0.96e15 * 86_400, "radford2018blog"),
    ),
    Milestone(
        "BERT-large",
        "2018-10",
        "language",
        "devlin2019bert",
        _says(340e6, "devlin2019bert"),
        _says(3.3e9, "devlin2019bert", "words"),
        _epoch(2.9e20),
    ),
    Milestone(
        "GPT-2",
        "2019-02",
        "language",
        "radford2019gpt2",
        _says(1.5e9, "radford2019gpt2"),
        _epoch(1.07e10, "tokens"),
        _epoch(1.9e21),
    ),
    Milestone(
        "T5-11B",
        "2019-10",
        "language",
        "raffel2019t5",
        _says(11e9, "raffel2019t5"),
        _says(1e12, "raffel2019t5", "tokens"),
        _epoch(3.3e22),
    ),
    Milestone(
        "AlphaStar",
        "2019-10",
        "games",
        "vinyals2019alphastar",
        _says(139e6, "vinyals2019alphastar"),
        None,
        _epoch(5.9e22),
    ),
    Milestone(
        "OpenAI Five",
        "2019-12",
        "games",
        "berner2019dota",
        _says(159e6, "berner2019dota"),
        None,
        _says(770e15 * 86_400, "berner2019dota"),
    ),
    _language(
        "GPT-3",
        "2020-05",
        "brown2020gpt3",
        175e9,
        300e9,
        compute=_says(3.14e23, "brown2020gpt3"),
    ),
    Milestone(
        "ViT-H/14",
        "2020-10",
        "vision",
        "dosovitskiy2020vit",
        _says(632e6, "dosovitskiy2020vit"),
        _says(303e6, "dosovitskiy2020vit", "images"),
        _says(4.262e21, "dosovitskiy2020vit"),
    ),
    Milestone(
        "AlphaFold 2",
        "2020-11",
        "other",
        "jumper2021alphafold",
        _epoch(93e6),
        None,
        _epoch(3.0e21),
    ),
    Milestone(
        "CLIP",
        "2021-01",
        "multimodal",
        "radford2021clip",
        _epoch(370e6),
        _says(400e6, "radford2021clip", "image-text pairs"),
        _epoch(1.05e22),
    ),
    Milestone(
        "DALL-E",
        "2021-01",
        "multimodal",
        "ramesh2021dalle",
        _says(12e9, "ramesh2021dalle"),
        _says(250e6, "ramesh2021dalle", "image-text pairs"),
        _epoch(4.7e22),
    ),
    Milestone(
        "Switch Transformer",
        "2021-01",
        "language",
        "fedus2021switch",
        _says(1.571e12, "fedus2021switch"),
        _says(576e9, "fedus2021switch", "tokens"),
        _epoch(8.2e22),
    ),
    _language(
        "Gopher",
        "2021-12",
        "rae2021gopher",
        280e9,
        300e9,
        compute=_says(6.31e23, "rae2021gopher"),
    ),
    _language(
        "Chinchilla",
        "2022-03",
        "hoffmann2022chinchilla",
        70e9,
        1.4e12,
        compute=_says(5.76e23, "hoffmann2022chinchilla"),
    ),
    _language("PaLM", "2022-04", "chowdhery2022palm", 540.35e9, 780e9),
    Milestone(
        "Latent diffusion",
        "2022-04",
        "multimodal",
        "rombach2021ldm",
        _says(1.45e9, "rombach2021ldm"),
        _says(400e6, "rombach2021ldm", "image-text pairs"),
        _epoch(5e22),
    ),
    Milestone(
        "Whisper",
        "2022-09",
        "speech",
        "radford2022whisper",
        _says(1.55e9, "radford2022whisper"),
        _says(680_000, "radford2022whisper", "hours"),
        _epoch(4.2e21),
    ),
    Milestone(
        "ViT-22B",
        "2023-02",
        "vision",
        "dehghani2023vit22b",
        _says(21.743e9, "dehghani2023vit22b"),
        _says(4e9, "dehghani2023vit22b", "images"),
        _epoch(1.9e23),
    ),
    _language("LLaMA-65B", "2023-02", "touvron2023llama", 65.2e9, 1.4e12),
    Milestone("GPT-4", "2023-03", "multimodal", "openai2023gpt4", None, None, _epoch(2.1e25)),
    _language(
        "Falcon-180B",
        "2023-09",
        "almazrouei2023falcon",
        180e9,
        3.5e12,
        compute=_says(43_500e15 * 86_400, "almazrouei2023falcon"),
    ),
    _language(
        "Llama 3.1 405B",
        "2024-07",
        "dubey2024llama3",
        405e9,
        15.6e12,
        compute=_says(3.8e25, "dubey2024llama3"),
    ),
    _language("DeepSeek-V3", "2024-12", "deepseek2024v3", 671e9, 14.8e12, active=37e9),
    _language("Gemma 3 27B", "2025-03", "gemma2025gemma3", 27e9, 14e12, field="multimodal"),
    _language("Qwen3-235B", "2025-04", "qwen2025qwen3", 235e9, 36e12, active=22e9),
    _language("Kimi K2", "2025-07", "kimi2025k2", 1e12, 15.5e12, active=32e9),
    _language("Trinity Large", "2026-02", "arcee2026trinity", 400e9, 17e12, active=13e9),
    _language("DeepSeek-V4-Pro", "2026-04", "deepseek2026v4", 1.6e12, 32e12, active=49e9),
    Milestone(
        "Kimi K3",
        "2026-07",
        "multimodal",
        "kimi2026k3",
        _says(2.8e12, "kimi2026k3"),
        active=_says(104e9, "kimi2026k3"),
    ),
)

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


_ARXIV = "https://arxiv.org/abs/"
_DOI = "https://doi.org/"
SOURCES = {
    EPOCH: Source("Epoch AI, 2022", "https://epoch.ai/data/notable-ai-models"),
    "almazrouei2023falcon": Source("Almazrouei et al., 2023", _ARXIV + "2311.16867"),
    "amodei2015deepspeech2": Source("Amodei et al., 2015", _ARXIV + "1512.02595"),
    "arcee2026trinity": Source("Arcee AI, 2026", _ARXIV + "2602.17004"),
    "bengio2000neural": Source(
        "Bengio et al., 2000",
        "https://papers.nips.cc/paper_files/paper/2000/file/"
        "728f206c2a01bf572b5940d7d9a8fa4c-Paper.pdf",
    ),
    "berner2019dota": Source("Berner et al., 2019", _ARXIV + "1912.06680"),
    "brants2007large": Source("Brants et al., 2007", "https://aclanthology.org/D07-1090/"),
    "breiman1984cart": Source("Breiman et al., 1984", _DOI + "10.1201/9781315139470"),
    "brown2020gpt3": Source("Brown et al., 2020", _ARXIV + "2005.14165"),
    "chowdhery2022palm": Source("Chowdhery et al., 2022", _ARXIV + "2204.02311"),
    "cortes1995svm": Source("Cortes and Vapnik, 1995", _DOI + "10.1007/BF00994018"),
    "deepseek2024v3": Source("DeepSeek-AI, 2024", _ARXIV + "2412.19437"),
    "deepseek2026v4": Source("DeepSeek-AI, 2026", _ARXIV + "2606.19348"),
    "dehghani2023vit22b": Source("Dehghani et al., 2023", _ARXIV + "2302.05442"),
    "devlin2019bert": Source("Devlin et al., 2019", _DOI + "10.18653/v1/N19-1423"),
    "dosovitskiy2020vit": Source("Dosovitskiy et al., 2020", _ARXIV + "2010.11929"),
    "dubey2024llama3": Source(
        "Dubey et al., 2024",
        "https://ai.meta.com/research/publications/the-llama-3-herd-of-models/",
    ),
    "fedus2021switch": Source("Fedus et al., 2021", _ARXIV + "2101.03961"),
    "fukushima1980neocognitron": Source("Fukushima, 1980", _DOI + "10.1007/BF00344251"),
    "gemma2025gemma3": Source(
        "Gemma Team, 2025",
        "https://storage.googleapis.com/deepmind-media/gemma/Gemma3Report.pdf",
    ),
    "he2016residual": Source("He et al., 2016", _DOI + "10.1109/CVPR.2016.90"),
    "hochreiter1997lstm": Source(
        "Hochreiter and Schmidhuber, 1997", _DOI + "10.1162/neco.1997.9.8.1735"
    ),
    "hoffmann2022chinchilla": Source("Hoffmann et al., 2022", _ARXIV + "2203.15556"),
    "jumper2021alphafold": Source("Jumper et al., 2021", _DOI + "10.1038/s41586-021-03819-2"),
    "kimi2025k2": Source("Kimi Team, 2025", _ARXIV + "2507.20534"),
    "kimi2026k3": Source("Kimi Team, 2026", _ARXIV + "2607.24653"),
    "krizhevsky2012alexnet": Source(
        "Krizhevsky et al., 2012",
        "https://proceedings.neurips.cc/paper/2012/hash/"
        "c399862d3b9d6b76c8436e924a68c45b-Abstract.html",
    ),
    "lecun1989zip": Source("LeCun et al., 1989", _DOI + "10.1162/neco.1989.1.4.541"),
    "lecun1998gradient": Source("LeCun et al., 1998", _DOI + "10.1109/5.726791"),
    "mnih2013atari": Source("Mnih et al., 2013", _ARXIV + "1312.5602"),
    "openai2023gpt4": Source("OpenAI, 2023", _ARXIV + "2303.08774"),
    "quinlan1986induction": Source("Quinlan, 1986", _DOI + "10.1007/BF00116251"),
    "radford2018blog": Source("Radford, 2018", "https://openai.com/index/language-unsupervised/"),
    "radford2018gpt": Source(
        "Radford et al., 2018",
        "https://cdn.openai.com/research-covers/language-unsupervised/"
        "language_understanding_paper.pdf",
    ),
    "radford2019gpt2": Source(
        "Radford et al., 2019",
        "https://cdn.openai.com/better-language-models/"
        "language_models_are_unsupervised_multitask_learners.pdf",
    ),
    "radford2021clip": Source("Radford et al., 2021", _ARXIV + "2103.00020"),
    "radford2022whisper": Source("Radford et al., 2022", _ARXIV + "2212.04356"),
    "rae2021gopher": Source("Rae et al., 2021", _ARXIV + "2112.11446"),
    "raffel2019t5": Source("Raffel et al., 2019", _ARXIV + "1910.10683"),
    "ramesh2021dalle": Source("Ramesh et al., 2021", _ARXIV + "2102.12092"),
    "rombach2021ldm": Source("Rombach et al., 2021", _ARXIV + "2112.10752"),
    "rosenblatt1958perceptron": Source("Rosenblatt, 1958", _DOI + "10.1037/h0042519"),
    "rumelhart1986backpropagation": Source("Rumelhart et al., 1986", _DOI + "10.1038/323533a0"),
    "samuel1959checkers": Source("Samuel, 1959", _DOI + "10.1147/rd.33.0210"),
    "sejnowski1987nettalk": Source(
        "Sejnowski and Rosenberg, 1987",
        "https://www.complex-systems.com/abstracts/v01_i01_a10/",
    ),
    "shazeer2017moe": Source("Shazeer et al., 2017", _ARXIV + "1701.06538"),
    "silver2016alphago": Source("Silver et al., 2016", _DOI + "10.1038/nature16961"),
    "silver2017zero": Source("Silver et al., 2017", _DOI + "10.1038/nature24270"),
    "simonyan2014vgg": Source("Simonyan and Zisserman, 2014", _ARXIV + "1409.1556"),
    "sutskever2014seq2seq": Source("Sutskever et al., 2014", _ARXIV + "1409.3215"),
    "tesauro1992td": Source(
        "Tesauro, 1992",
        "https://papers.nips.cc/paper/1991/file/68ce199ec2c5517597ce0a4d89620f55-Paper.pdf",
    ),
    "touvron2023llama": Source("Touvron et al., 2023", _ARXIV + "2302.13971"),
    "vaswani2017attention": Source(
        "Vaswani et al., 2017",
        "https://proceedings.neurips.cc/paper_files/paper/2017/hash/"
        "3f5ee243547dee91fbd053c1c4a845aa-Abstract.html",
    ),
    "vinyals2019alphastar": Source(
        "Vinyals et al., 2019",
        "https://www.deepmind.com/blog/"
        "alphastar-grandmaster-level-in-starcraft-ii-using-multi-agent-reinforcement-learning",
    ),
    "widrow1960adaptive": Source(
        "Widrow and Hoff, 1960",
        "https://isl.stanford.edu/~widrow/papers/c1960adaptiveswitching.pdf",
    ),
    "qwen2025qwen3": Source("Qwen Team, 2025", "https://qwenlm.github.io/blog/qwen3/"),
    "wu2016gnmt": Source("Wu et al., 2016", _ARXIV + "1609.08144"),
}
