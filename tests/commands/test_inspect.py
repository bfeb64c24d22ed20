"""`reproviewer inspect`: what a file holds, in words and as a JSON document, which is a public interface."""

import hashlib

import numpy as np

from tests.commands.asking import answer, strict


def test_inspect_document(files, capsys):
    status, out, err = answer(capsys, "inspect", files["b"], "--json")
    document = strict(out)
    assert (status, err) == (0, "")
    assert set(document) == {"schema", "format", "tensors", "metadata", "remarks"}
    assert (document["schema"], document["format"]) == ("reproviewer/inspect-1", "npz")
    kernel = np.load(files["b"])["kernel"]
    assert document["tensors"][0] == {
        "name": "kernel",
        "role": "weight",
        "shape": [2, 3],
        "dtype": "float32",
        "size": 6,
        "sha256": hashlib.sha256(kernel.tobytes()).hexdigest(),
    }
    _, out, _ = answer(capsys, "inspect", files["b"])
    assert "kernel" in out
    assert "(3,)" in out


def test_the_digest_is_of_c_order_and_little_endian(tmp_path, capsys):
    array = np.arange(6, dtype=">f4").reshape(2, 3)
    np.savez(tmp_path / "x.npz", k=np.asfortranarray(array))
    tensor = strict(answer(capsys, "inspect", tmp_path / "x.npz", "--json")[1])["tensors"][0]
    assert tensor["sha256"] == hashlib.sha256(array.astype("<f4").tobytes()).hexdigest()
