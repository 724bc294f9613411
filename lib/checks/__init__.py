"""Checks for the exercises: each tries an answer on small cases and says in words what is wrong."""

from lib.checks import (
    areas,
    attention,
    bert,
    budget,
    cnn,
    compression,
    concepts,
    faq,
    privacy,
    rnn,
    transformer,
)

__all__ = [
    "areas",
    "attention",
    "bert",
    "budget",
    "cnn",
    "compression",
    "concepts",
    "faq",
    "privacy",
    "rnn",
    "transformer",
]
