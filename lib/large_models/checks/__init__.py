"""Checks for the exercises: each tries an answer on small cases and says in words what is wrong."""

from large_models.checks import (
    areas,
    attention,
    background,
    bert,
    budget,
    cnn,
    compression,
    concepts,
    explanation,
    faq,
    privacy,
    rnn,
    transformer,
    trends,
)

__all__ = [
    "areas",
    "attention",
    "background",
    "bert",
    "budget",
    "cnn",
    "compression",
    "concepts",
    "explanation",
    "faq",
    "privacy",
    "rnn",
    "transformer",
    "trends",
]
