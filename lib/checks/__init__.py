"""Checks for the exercises: each tries an answer on small cases and says in words what is wrong."""

from lib.checks import attention, bert, cnn, concepts, rnn, transformer

__all__ = ["attention", "bert", "cnn", "concepts", "rnn", "transformer"]
