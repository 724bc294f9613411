"""Widgets that live in the page: a Python class each, whose front end needs no kernel."""

from lib.widgets.attention_explorer import AttentionExplorer
from lib.widgets.bert_live import BertLive
from lib.widgets.checkpoint_scrubber import CheckpointScrubber
from lib.widgets.compressor import Compressor
from lib.widgets.conv_live import ConvLive
from lib.widgets.explainer import Explainer
from lib.widgets.game_board import GameBoard
from lib.widgets.gate_explorer import GateExplorer
from lib.widgets.generation_view import GenerationView
from lib.widgets.kernel_explorer import KernelExplorer
from lib.widgets.label_curves import LabelCurves
from lib.widgets.privacy_dial import PrivacyDial
from lib.widgets.speech_lab import SpeechLab
from lib.widgets.timeline import Timeline
from lib.widgets.training_budget import TrainingBudget

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
