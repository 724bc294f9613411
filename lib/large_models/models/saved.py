"""Networks of our own in a folder: config.json holds their sizes, model.safetensors their weights.

What is in the format of Hugging Face's transformers has its own reader, `models.hub`.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import nn

from large_models.files import model_folder, write_whole
from large_models.tensors import load_into, load_tensors, save_tensors


class Saved(nn.Module):
    """A network that is made from one dataclass of sizes, `sizes`, and keeps it as `config`."""

    sizes: ClassVar[type]
    config: Any

    @classmethod
    def from_pretrained(cls, source: str | Path) -> Self:
        """Read config.json and model.safetensors; in evaluation mode.

        Args:
            source: a folder, or the name of a shipped one: "lenet-digits".

        Raises:
            FileNotFoundError: if a file is missing.
            ValueError: if a file is damaged, or the two do not fit each other.
        """
        directory = model_folder(source)
        path = directory / "config.json"
        try:
            config = cls.sizes(**json.loads(path.read_text(encoding="utf-8")))
        except (json.JSONDecodeError, UnicodeDecodeError, TypeError) as error:
            raise ValueError(f"{path}: expected the sizes of a {cls.__name__}: {error}") from None
        model = cls(config)
        weights = directory / "model.safetensors"
        load_into(model, load_tensors(weights)[0], weights)
        return model.eval()

    def save_pretrained(self, directory: str | Path) -> None:
        """Write config.json and model.safetensors, each whole or not at all."""
        directory = Path(directory)
        write_whole(directory / "config.json", json.dumps(asdict(self.config), indent=2) + "\n")
        save_tensors(directory / "model.safetensors", self.state_dict())
