"""Checks for the exercises: each tries an answer on small cases and says in words what is wrong."""

from lib.checks import attention, cnn, rnn, transformer

__all__ = ["attention", "cnn", "rnn", "transformer"]
