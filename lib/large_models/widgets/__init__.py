"""Widgets that live in the page: a Python class each, whose front end needs no kernel."""

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
