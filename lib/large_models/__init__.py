"""Large AI models, in motion: formulas to read, models to train, widgets to play with."""

import os
import sys

if sys.platform == "emscripten":  # a browser's tab
    from large_models.files import link_late

    link_late()

if sys.platform == "emscripten" or os.environ.get("LARGE_MODELS_ABSENT"):
    from large_models import absent

    absent.install()
