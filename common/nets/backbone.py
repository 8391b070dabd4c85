"""The backbone of a10: a small CNN that has learned to tell single scenes apart.

`Backbone()` holds the weights of backbone.safetensors (made by `python -m tools.train_backbone`, which records in
the file how, and how well it does). Nothing random happens, and nothing is downloaded.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor, nn

WEIGHTS = Path(__file__).with_name("backbone.safetensors")
CHANNELS = (24, 48, 64, 96, 96)
STRIDES = (2, 2, 1, 2, 1)


class Backbone(nn.Module):
    """Five 3x3 convolutions, each with a ReLU; one cell of the map for every 8 x 8 pixels.

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


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The float16 tensors of a safetensors file, as float32. Raises ValueError when it is no such file."""
    header, body = _parts(path)
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        if entry["dtype"] != "F16" or not 0 <= start < end <= len(body):
            raise ValueError(f"{path}: {name!r} is not a float16 tensor inside the file; restore the file from git.")
        values = torch.frombuffer(bytearray(body[start:end]), dtype=torch.float16)
        tensors[name] = values.reshape(entry["shape"]).float()
    return tensors


def read_metadata(path: Path = WEIGHTS) -> dict[str, str]:
    """How the weights were made: command, seed, accuracy, versions."""
    return dict(_parts(path)[0].get("__metadata__", {}))


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors as float16 in the safetensors format (huggingface/safetensors, "Format")."""
    header: dict[str, object] = {"__metadata__": metadata}
    chunks, at = [], 0
    for name, tensor in tensors.items():
        chunk = tensor.detach().cpu().to(torch.float16).contiguous().numpy().tobytes()
        header[name] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [at, at + len(chunk)]}
        chunks.append(chunk)
        at += len(chunk)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(chunks))


def _parts(path: Path) -> tuple[dict[str, dict], bytes]:
    """Header and body of a safetensors file."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    if not 2 <= size <= len(content) - 8:
        raise ValueError(f"{path} is not a safetensors file; restore it from git.")
    return json.loads(content[8 : 8 + size]), content[8 + size :]
