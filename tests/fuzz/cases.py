"""What is fuzzed: for each reader a few small files that it reads, written by the real libraries."""

import io
import json
import shutil
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import safetensors.numpy

DATA = Path(__file__).parents[1] / "files" / "data"


@dataclass(frozen=True)
class Case:
    """Files by name, of which a person opens `opened` (nothing: their folder), and the seed that they came from."""

    opened: str
    files: dict[str, bytes]
    seed: int = 0

    def write(self, folder: Path) -> Path:
        """Write the files into `folder`, with nothing else in it; returns the path to open."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in self.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        return folder / self.opened

    def pack(self) -> bytes:
        """All of it as bytes, for a fuzzer that knows nothing else."""
        sizes = {name: len(content) for name, content in self.files.items()}
        return json.dumps([self.opened, self.seed, sizes]).encode() + b"\n" + b"".join(self.files.values())

    @classmethod
    def unpack(cls, data: bytes) -> "Case":
        """What was packed. Raises ValueError."""
        head, _, rest = data.partition(b"\n")
        opened, seed, sizes = json.loads(head)
        stream = io.BytesIO(rest)
        return cls(opened, {name: stream.read(size) for name, size in sizes.items()}, seed)


def seeds(reader: str) -> list[Case]:
    """The seeds of a reader, numbered."""
    return [Case(opened, files, number) for number, (opened, files) in enumerate(SEEDS[reader]())]


def one(name, *contents):
    return [(name, {name: content}) for content in contents]


def kept(*names):
    return [(DATA / name).read_bytes() for name in names]


def folder(name):
    return {p.name: p.read_bytes() for p in (DATA / name).iterdir() if p.suffix != ".json"}


def hdf5(fill, **options):
    stream = io.BytesIO()
    with h5py.File(stream, "w", **options) as root:
        fill(root)
    return stream.getvalue()


KERNEL, BIAS = np.arange(10, dtype="f4").reshape(2, 5), np.linspace(0, 1, 5, dtype="f4")


def _kinds(root):
    root["group/plain"] = KERNEL
    root["group/big_endian"] = KERNEL.astype(">f8")
    root["scalar"], root["empty"], root["text"] = np.int64(3), np.zeros((0, 3)), "left out"
    root["half"], root["truth"] = BIAS.astype("f2"), np.array([True, False])
    root.create_dataset("gzip", data=np.arange(300).reshape(10, 30), chunks=(4, 7), compression="gzip", shuffle=True)
    root.create_dataset("lzf", data=np.arange(100.0), chunks=(30,), compression="lzf", fletcher32=True)


def _layers(numbers=(0, 1)):
    def fill(root):
        root.create_group("vars").attrs["name"] = "sequential"
        group = root.create_group("layers/dense/vars")
        group.attrs["name"] = "first"
        for number in numbers:
            group[str(number)] = (KERNEL, BIAS)[number]
        half = root.create_dataset(f"layers/dense_1/vars/{numbers[0]}", data=np.zeros(3, "V2"))
        half.attrs["dtype"] = "bfloat16"
        root[f"optimizer/vars/{numbers[0]}"] = np.int64(7)

    return fill


def _legacy(root):
    root.attrs["layer_names"], root.attrs["backend"] = [b"dense", b"drop"], "tensorflow"
    root.create_group("dense").attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
    root.create_group("drop").attrs["weight_names"] = np.zeros(0)
    root["dense/dense/kernel:0"], root["dense/dense/bias:0"] = KERNEL, BIAS


CONFIG = {
    "module": "keras",
    "class_name": "Sequential",
    "config": {"name": "sequential", "layers": [{"class_name": "Dense", "config": {"name": "first", "units": 5}}]},
}


def _keras():
    about = {"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}
    return {
        "metadata.json": json.dumps(about).encode(),
        "config.json": json.dumps(CONFIG).encode(),
        "model.weights.h5": hdf5(_layers(), libver="latest"),
    }


def zipped(members, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return stream.getvalue()


def _shards():
    files = {f"x_0000{n}.weights.h5": hdf5(_layers((n,))) for n in (0, 1)}
    groups = {key: list(files) for key in ("/layers/dense/vars", "/layers/dense_1/vars", "/optimizer/vars")}
    listed = {"metadata": {"total_size": 60.0}, "weight_map": groups}
    return [("x.weights.json", {"x.weights.json": json.dumps(listed).encode()} | files)]


def _saved_model():
    variables = {f"variables/{name.replace('record_weight', 'variables')}": v for name, v in CHECKPOINT.items()}
    versions = b"\x2a\x062.15.1"
    info = b"\x0a" + bytes([len(versions)]) + versions
    graph = b"\x08\x01\x12" + bytes([len(info)]) + info
    return [("", {"saved_model.pb": graph} | variables)]


CHECKPOINT = {name: content for name, content in folder("k2_ckpt_dir").items() if name != "checkpoint"}


def _checkpoints():
    for name, prefix in (("k2_ckpt_dir", "record_weight"), ("tf1_saver", "model.ckpt-7"), ("tf210_keras", "")):
        yield (f"{prefix}.index" if prefix else ""), folder(name)


ARRAYS = {
    "kernel": KERNEL,
    "big": BIAS.astype(">f8"),
    "fortran": np.asfortranarray(KERNEL),
    "scalar": np.int8(-3),
    "empty": np.zeros((0, 2), "f2"),
    "complex": BIAS.astype("c8"),
    "truth": np.array([[True], [False]]),
    "half": np.zeros(3, "V2"),
}


def _saved(save, *args, **named):
    stream = io.BytesIO()
    save(stream, *args, **named)
    return stream.getvalue()


def _npy(version=None):
    return [_saved(np.lib.format.write_array, a if a.ndim else np.asarray(a), version) for a in ARRAYS.values()]


def _safetensors(part=slice(None), **about):
    arrays = {name: a for name, a in list(ARRAYS.items())[part] if a.dtype.isnative and a.dtype.kind != "V"}
    arrays = {name: np.ascontiguousarray(a) for name, a in arrays.items()}
    return safetensors.numpy.save(arrays, about or {"reproviewer/order": json.dumps(list(arrays)[::-1])})


def _every_safe_kind():
    header, at = {}, 0
    for kind, size in (("BF16", 2), ("F8_E4M3", 1), ("F8_E5M2", 1), ("U64", 8), ("C64", 8)):
        header[kind.lower()] = {"dtype": kind, "shape": [1, 3], "data_offsets": [at, at + 3 * size]}
        at += 3 * size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(range(at))


def _safe_shards():
    files = {f"m-0000{n + 1}-of-00002.safetensors": _safetensors(slice(4 * n, 4 * n + 4)) for n in (0, 1)}
    where = {name: file for file, content in files.items() for name in safetensors.numpy.load(content)}
    listed = json.dumps({"metadata": {"total_size": 99}, "weight_map": where}).encode()
    return [("m.safetensors.index.json", {"m.safetensors.index.json": listed} | files)]


TORCH = ("state_dict", "checkpoint", "kinds", "views", "tensor", "list", "protocol_4", "parameters", "no_checksums")

SEEDS = {
    "hdf5": lambda: one("a.h5", hdf5(_kinds), hdf5(_kinds, libver="latest")),
    "weights-h5": lambda: one(
        "a.weights.h5", hdf5(_layers()), hdf5(_layers(), libver="latest"), *kept("k3_0_pair.weights.h5")
    ),
    "legacy-h5": lambda: one("a.h5", hdf5(_legacy), *kept("k2_test.h5")),
    "keras": lambda: one("a.keras", zipped(_keras()), zipped(_keras(), zipfile.ZIP_DEFLATED)),
    "keras-folder": lambda: [("", _keras())],
    "keras-shards": _shards,
    "checkpoint": lambda: list(_checkpoints()),
    "checkpoint-v1": lambda: one("model.ckpt-7", *kept("tf1_v1/model.ckpt-7")),
    "saved-model": _saved_model,
    "npz": lambda: one("a.npz", _saved(np.savez, **ARRAYS), _saved(np.savez_compressed, **ARRAYS)),
    "npy": lambda: one("a.npy", *_npy(), *_npy((2, 0))[:2]),
    "safetensors": lambda: one("a.safetensors", _safetensors(), _safetensors(a="b"), _every_safe_kind()),
    "safetensors-shards": _safe_shards,
    "pytorch": lambda: one("a.pt", *kept(*(f"torch/{name}.pt" for name in TORCH))),
}
