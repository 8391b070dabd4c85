"""The backbone of a10: a small CNN that was trained to classify the objects of single scenes.

`Backbone()` has the weights in backbone.safetensors, which were made by `python -m tools.train_backbone`; the file's
metadata has the command and the accuracy. Nothing is random, and nothing is downloaded.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from common.nets.weights import read_tensors

WEIGHTS = Path(__file__).with_name("backbone.safetensors")
CHANNELS = (24, 48, 64, 96, 96)
STRIDES = (2, 2, 1, 2, 1)


class Backbone(nn.Module):
    """Five 3x3 convolutions, each with a ReLU; one cell of the map for each 8 x 8 pixels.

    Shapes:
        images  (N, 3, H, W)              float32 in [0, 1]
        out     (N, out_channels, H', W')  H' = H / stride, rounded up; W' alike
    """

    out_channels = CHANNELS[-1]
    stride = 8

    def __init__(self, *, pretrained: bool = True) -> None:
        super().__init__()
        sizes = zip((3, *CHANNELS), CHANNELS, STRIDES, strict=False)
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 3, stride=s, padding=1) for i, o, s in sizes)
        if pretrained:
            self.load_state_dict(read_tensors(WEIGHTS))

    def forward(self, images: Tensor) -> Tensor:
        x = images - 0.5
        for conv in self.convs:
            x = conv(x).relu()
        return x
