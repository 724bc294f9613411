"""Widgets that live in the page: a Python class each, whose front end needs no kernel."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from large_models.widgets.attention_explorer import AttentionExplorer
    from large_models.widgets.bert_live import BertLive
    from large_models.widgets.checkpoint_scrubber import CheckpointScrubber
    from large_models.widgets.compressor import Compressor
    from large_models.widgets.conv_live import ConvLive
    from large_models.widgets.explainer import Explainer
    from large_models.widgets.game_board import GameBoard
    from large_models.widgets.gate_explorer import GateExplorer
    from large_models.widgets.generation_view import GenerationView
    from large_models.widgets.kernel_explorer import KernelExplorer
    from large_models.widgets.label_curves import LabelCurves
    from large_models.widgets.privacy_dial import PrivacyDial
    from large_models.widgets.speech_lab import SpeechLab
    from large_models.widgets.timeline import Timeline
    from large_models.widgets.training_budget import TrainingBudget

__all__ = [
    "AttentionExplorer",
    "BertLive",
    "CheckpointScrubber",
    "Compressor",
    "ConvLive",
    "Explainer",
    "GameBoard",
    "GateExplorer",
    "GenerationView",
    "KernelExplorer",
    "LabelCurves",
    "PrivacyDial",
    "SpeechLab",
    "Timeline",
    "TrainingBudget",
]


def __getattr__(name: str) -> Any:
    """A widget's class, whose module is loaded when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    found = getattr(import_module(f"{__name__}.{module[1:]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
