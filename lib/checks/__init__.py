"""Checks for the exercises: each tries an answer on small cases and says in words what is wrong."""

from lib.checks import cnn

__all__ = ["cnn"]
