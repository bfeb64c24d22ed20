"""Wrote the files of `data/torch` with PyTorch 2.13.0, and beside them what PyTorch itself says they hold.

PyTorch is no dependency of the tests, so the files are kept. To write them anew, in an environment with torch:
`python make_torch_samples.py data/torch`.
"""

import hashlib
import json
import sys
import zipfile
from pathlib import Path

import torch

KINDS = ["bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"]
KINDS += ["float16", "bfloat16", "float32", "float64"]
KINDS += ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"]


class Net(torch.nn.Module):
    """Two layers of which the second one shares the weight of the first."""

    def __init__(self):
        super().__init__()
        self.one, self.norm, self.two = torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 3)
        self.two.weight = self.one.weight

    def forward(self, x):
        return self.two(self.norm(self.one(x)))


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    net(torch.randn(4, 3)).sum().backward()
    optimizer.step()
    checkpoint = {
        "epoch": 3,
        "state_dict": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "lr_scheduler": scheduler.state_dict(),
        "torch_rng_state": torch.arange(5, dtype=torch.uint8),
        "arch": "net",
    }
    told = {
        "state_dict": saved(folder, "state_dict", net.state_dict()),
        "checkpoint": saved(folder, "checkpoint", checkpoint),
        "kinds": saved(folder, "kinds", {kind: torch.tensor([[0, 1], [1, 3]]).to(dtype(kind)) for kind in KINDS}),
        "views": saved(folder, "views", views()),
        "tensor": saved(folder, "tensor", torch.arange(6.0).reshape(2, 3)),
        "list": saved(folder, "list", [torch.ones(2), {"deep": (torch.zeros(1), "text")}]),
        "protocol_4": saved(folder, "protocol_4", net.state_dict(), pickle_protocol=4),
        "parameters": saved(folder, "parameters", dict(net.named_parameters())),
    }
    torch.serialization.set_crc32_options(False)
    told["no_checksums"] = saved(folder, "no_checksums", net.state_dict())
    torch.serialization.set_crc32_options(True)
    (folder / "told.json").write_text(json.dumps(told, indent=1) + "\n")
    refused(folder, net)


def views():
    """Tensors that are not all of their storage in C order."""
    base = torch.arange(24.0).reshape(2, 3, 4)
    return {
        "base": base,
        "slice": base[1],
        "column": base[:, 1:, ::2],
        "transposed": base.permute(2, 0, 1),
        "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 5),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
        "half_transposed": torch.arange(6).to(torch.bfloat16).reshape(2, 3).T,
        "untyped_transposed": torch.arange(6).to(torch.uint32).reshape(2, 3).T,
    }


def refused(folder, net):
    """What cannot be read, or not without running it."""
    torch.save(net.state_dict(), folder / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(torch.nn.Linear(1, 1), folder / "whole_model.pt")
    torch.jit.script(torch.nn.ReLU()).save(str(folder / "script.pt"))
    drop(folder / "script.pt", ".debug_pkl")
    torch.save({"w": torch.quantize_per_tensor(torch.zeros(2), 1.0, 0, torch.qint8)}, folder / "quantised.pt")
    torch.save({"w": torch.eye(2).to_sparse()}, folder / "sparse.pt")
    torch.save({"w": torch.zeros(2, device="meta")}, folder / "meta.pt")
    torch.save({"w": torch.ones(2, dtype=torch.complex64).conj()}, folder / "conjugated.pt")
    torch.save({"w": torch.zeros(2, dtype=torch.complex32)}, folder / "complex32.pt")


def drop(path, suffix):
    """Take away members that tell where on which machine the program was."""
    with zipfile.ZipFile(path) as archive:
        kept = {name: archive.read(name) for name in archive.namelist() if not name.endswith(suffix)}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, content)


def saved(folder, name, content, **options):
    torch.save(content, folder / f"{name}.pt", **options)
    return {path or name: facts(tensor) for path, tensor in tensors(content, "")}


def tensors(value, path):
    if isinstance(value, torch.Tensor):
        yield path, value
    elif isinstance(value, dict | list | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in items:
            yield from tensors(one, f"{path}/{key}".strip("/"))


def facts(tensor):
    data = tensor.detach().clone(memory_format=torch.contiguous_format).reshape(-1)
    raw = bytes(data.view(torch.uint8).tolist()) if data.numel() else b""
    return {
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "shape": list(tensor.shape),
        "sha256": hashlib.sha256(raw).hexdigest(),
    }


def dtype(name):
    return getattr(torch, name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
