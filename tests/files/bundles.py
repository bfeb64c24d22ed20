"""Checkpoints made by hand: protocol buffers, tables, entries and object graphs, right or wrong as asked."""

import struct

import numpy as np

from reproviewer.files.crc32c import crc32c, mask

MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
DATA = np.arange(5, dtype="<f4").tobytes()


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def chunk(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def fixed(field, value):
    return varint(field << 3 | 5) + struct.pack("<I", value)


def shape(*dims):
    return b"".join(chunk(2, number(1, d)) for d in dims)


def entry(dtype=1, dims=(5,), shard=0, offset=0, size=20, crc=None, extra=b""):
    crc = mask(crc32c(DATA)) if crc is None else crc
    return (
        number(1, dtype)
        + chunk(2, shape(*dims))
        + number(3, shard)
        + number(4, offset)
        + number(5, size)
        + fixed(6, crc)
        + extra
    )


def block(pairs, kind=0, restarts=None):
    body = b"".join(varint(0) + varint(len(k)) + varint(len(v)) + k + v for k, v in pairs)
    body += struct.pack("<II", 0, 1 if restarts is None else restarts)
    return body, body + bytes([kind]) + struct.pack("<I", mask(crc32c(body + bytes([kind]))))


def table(pairs, **options):
    body, stored = block(pairs, **options)
    handle = varint(0) + varint(len(body))
    index, index_stored = block([(pairs[-1][0] if pairs else b"", handle)])
    about, about_stored = block([])
    footer = varint(len(stored)) + varint(len(about)) + varint(len(stored + about_stored)) + varint(len(index))
    return stored + about_stored + index_stored + footer.ljust(40, b"\0") + MAGIC


def header(shards=1, endian=0):
    return number(1, shards) + number(2, endian)


def checkpoint(folder, *pairs, head=None, data=DATA, **options):
    rows = [(b"", header() if head is None else head), *pairs]
    (folder / "w.index").write_bytes(table(rows, **options))
    (folder / "w.data-00000-of-00001").write_bytes(data)
    return folder / "w"


def graph_entry(graph, crc=None):
    size = varint(len(graph))
    lengths = struct.pack("<I", len(graph))
    sums = struct.pack("<I", mask(crc32c(lengths)))
    return size + sums + graph, mask(crc32c(lengths + sums + graph)) if crc is None else crc


def with_graph(folder, graph, *rows, data=DATA):
    stored, crc = graph_entry(graph)
    row = (b"_CHECKPOINTABLE_OBJECT_GRAPH", entry(7, (), offset=len(data), size=len(stored), crc=crc))
    return checkpoint(folder, row, *rows, data=data + stored)


def variable(key, name=b"", kind=b"VARIABLE_VALUE"):
    return chunk(2, chunk(1, kind) + chunk(2, name) + chunk(3, key))


def edge(name, child):
    return chunk(1, number(1, child) + chunk(2, name))
