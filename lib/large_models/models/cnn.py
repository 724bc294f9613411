"""A small LeNet: convolution, ReLU, pooling, twice; then two dense layers.

The shape of LeNet-5 (LeCun et al. 1998, section II.B) with ReLU for its sigmoid, maximum for its
trainable pooling, and fewer numbers, so that it fits into a page. Chapter: 3_1_cnn.
"""

from dataclasses import asdict, dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from large_models.models.saved import Saved
from large_models.shapes import conv_output_size, pool_output_size


@dataclass(frozen=True)
class LeNetConfig:
    """Sizes of a `LeNet`.

    Raises:
        ValueError: if a size is less than 1, or the picture is too small for the layers.
    """

    input_size: int = 28  # side of the picture, pixels
    channels_1: int = 8  # kernels of the first convolution
    channels_2: int = 16  # kernels of the second
    kernel_size: int = 5
    pool_size: int = 2
    hidden_size: int = 64
    num_classes: int = 10

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")
        _ = self.pooled_size

    @property
    def pooled_size(self) -> int:
        """Side of the last pooled map, pixels."""
        size = (self.input_size, self.input_size)
        for _ in range(2):
            size = pool_output_size(conv_output_size(size, self.kernel_size), self.pool_size)
        return size[0]


class LeNet(Saved):
    """Pictures (B, 1, H, W) to scores of the classes (B, num_classes)."""

    sizes = LeNetConfig

    def __init__(self, config: LeNetConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or LeNetConfig()
        self.conv1 = nn.Conv2d(1, c.channels_1, c.kernel_size)
        self.conv2 = nn.Conv2d(c.channels_1, c.channels_2, c.kernel_size)
        self.hidden = nn.Linear(c.channels_2 * c.pooled_size**2, c.hidden_size)
        self.output = nn.Linear(c.hidden_size, c.num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores before the softmax.

        Args:
            x: (B, 1, H, W), paper 0 to ink 1, H = W = config.input_size.

        Raises:
            ValueError: for another shape.
        """
        return self.activations(x)["scores"]

    def activations(self, x: Tensor) -> dict[str, Tensor]:
        """What every layer gives, from the input to the scores, by name and in order.

        Raises:
            ValueError: if x is not (B, 1, H, W) of the configured size.
        """
        side, pool = self.config.input_size, self.config.pool_size
        if x.ndim != 4 or x.shape[1:] != (1, side, side):
            raise ValueError(f"x: expected shape (B, 1, {side}, {side}), got {tuple(x.shape)}")
        out = {"input": x}
        out["conv1"] = self.conv1(x)  # (B, 8, 24, 24)
        out["relu1"] = F.relu(out["conv1"])
        out["pool1"] = F.max_pool2d(out["relu1"], pool)  # (B, 8, 12, 12)
        out["conv2"] = self.conv2(out["pool1"])  # (B, 16, 8, 8)
        out["relu2"] = F.relu(out["conv2"])
        out["pool2"] = F.max_pool2d(out["relu2"], pool)  # (B, 16, 4, 4)
        out["hidden"] = F.relu(self.hidden(out["pool2"].flatten(1)))  # (B, 64)
        out["scores"] = self.output(out["hidden"])  # (B, 10)
        return out


def num_parameters(model: nn.Module) -> int:
    """How many numbers a model has learned or will learn."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
