"""A small CNN that hears: a spectrogram to scores of the sounds.

Two convolutions that stride over frequency and time, then a mean over time: what is heard counts,
not when. Order inside a sound still shows, since a kernel sees a formant rise or fall. Frequencies
are not averaged: a kernel's answer low down is another vowel than the same answer high up.
Chapter: 1_2_areas.
"""

from dataclasses import asdict, dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from large_models.models.saved import Saved
from large_models.shapes import conv_output_size


@dataclass(frozen=True)
class SpeechCNNConfig:
    """Sizes of a `SpeechCNN`.

    Raises:
        ValueError: if a size is less than 1, or the picture is too small for the layers.
    """

    rows: int = 65  # frequencies of the spectrogram
    channels_1: int = 8  # kernels of the first convolution
    channels_2: int = 16  # kernels of the second
    kernel_size: int = 5
    stride: int = 2
    num_classes: int = 10

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")
        _ = self.rows_left

    @property
    def rows_left(self) -> int:
        """Rows of the second convolution's map."""
        size = (self.rows, self.rows)
        for _ in range(2):
            size = conv_output_size(size, self.kernel_size, self.stride)
        return size[0]


class SpeechCNN(Saved):
    """Spectrograms (B, 1, K, M) to scores of the sounds (B, num_classes)."""

    sizes = SpeechCNNConfig

    def __init__(self, config: SpeechCNNConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or SpeechCNNConfig()
        self.conv1 = nn.Conv2d(1, c.channels_1, c.kernel_size, c.stride)
        self.conv2 = nn.Conv2d(c.channels_1, c.channels_2, c.kernel_size, c.stride)
        self.output = nn.Linear(c.channels_2 * c.rows_left, c.num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores before the softmax.

        Args:
            x: (B, 1, K, M), 0 to 1, K = config.rows frequencies, any M that the kernels fit into.

        Raises:
            ValueError: for another shape.
        """
        if x.ndim != 4 or x.shape[1:3] != (1, self.config.rows):
            raise ValueError(
                f"x: expected shape (B, 1, {self.config.rows}, M), got {tuple(x.shape)}"
            )
        x = F.relu(self.conv1(x))  # (B, 8, 31, 23)
        x = F.relu(self.conv2(x))  # (B, 16, 14, 10)
        return self.output(x.mean(dim=3).flatten(1))  # (B, 10)
