"""Changes to files: blind ones to their bytes, and ones that keep the outer form whole so that the inside is reached.

A zip file is packed anew around a changed member, a JSON text stays one, a safetensors header has its right length,
and the checksums of TensorFlow's tables and data are repaired.
"""

import dataclasses
import io
import json
import re
import struct
import zipfile
import zlib

from cases import zipped

from reproviewer.files.bundle import _entry
from reproviewer.files.crc32c import crc32c, mask
from reproviewer.files.protobuf import varint
from reproviewer.files.table import MAGIC, entries

NUMBERS = (0, 1, -1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 33, 64, 127, 128, 255, 256, 1 << 15, 1 << 16, (1 << 16) - 1, 1 << 20)
HUGE = (
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    1 << 40,
    1 << 48,
    1 << 62,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 1,
)
WORDS = [b"..", b"/", b"../canary", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"NaN", b"|O", b"<f4", b">c16", b"|V2", b"-1"]
WORDS += [b"bfloat16", b"True", b"()", b"(1, 2)", b"1e400", b"\x1b[2J", b"layers", b"vars", b"posix\nsystem\n", b"()R."]


def mutate(case, rng, others):
    """A changed case: one to four changes, mostly to one of its files."""
    name = rng.choice(list(case.files))
    files = dict(case.files)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        if rng.random() < 0.2:
            name = rng.choice(list(files))
        donor = rng.choice(list(rng.choice(others).files.values()))
        files[name] = _of_kind(files[name], rng, donor)
    if rng.random() < 0.02 and len(files) > 1:
        files[rng.choice(list(files))], files[name] = files[name], b""
    return dataclasses.replace(case, files=repaired(files) if rng.random() < 0.8 else files)


def _of_kind(content, rng, donor):
    if rng.random() < 0.25:
        return blind(content, rng, donor)
    if content.startswith(b"PK\3\4"):
        return _zip(content, rng, donor)
    if content.startswith(b"\x93NUMPY") and rng.random() < 0.3:
        return _last_bytes(content, rng)
    if content[8:9] == b"{":
        return _safetensors(content, rng, donor)
    if content[:1] in (b"{", b"["):
        return _json(content, rng, donor)
    return blind(content, rng, donor)


def blind(content, rng, donor):
    """A change that asks nothing of the content."""
    data = bytearray(content)
    at = rng.randrange(len(data) + 1)
    rng.choice((_bit, _bit, _byte, _number, _number, _digits, _cut, _drop, _repeat, _splice, _word))(
        data, at, rng, donor
    )
    return bytes(data)


def _last_bytes(content, rng):
    """A bit of the numbers is another one."""
    data = bytearray(content)
    data[-1 - rng.randrange(min(len(data), 10))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _bit(data, at, rng, _):
    if data:
        data[at % len(data)] ^= 1 << rng.randrange(8)


def _byte(data, at, rng, _):
    data[at : at + 1] = bytes([rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))])


def _number(data, at, rng, _):
    size = rng.choice((1, 2, 4, 4, 8, 8))
    value = rng.choice((*NUMBERS, *HUGE, len(data), len(data) - at, at)) & ((1 << 8 * size) - 1)
    data[at : at + size] = value.to_bytes(size, rng.choice(("little", "little", "big")))


def _digits(data, at, rng, _):
    """Another number in a text."""
    found = list(re.finditer(rb"\d+", data[:20_000]))
    if found:
        spot = rng.choice(found)
        data[spot.start() : spot.end()] = str(rng.choice((*NUMBERS, *HUGE))).encode()


def _cut(data, at, rng, _):
    del data[at:]


def _drop(data, at, rng, _):
    del data[at : at + rng.choice((1, 2, 4, 8, 64, 512))]


def _repeat(data, at, rng, _):
    data[at:at] = data[at : at + rng.choice((1, 4, 16, 256))] * rng.choice((1, 1, 2, 50))


def _splice(data, at, rng, donor):
    start, count = rng.randrange(len(donor) + 1), rng.choice((1, 2, 4, 8, 16, 64, 512))
    data[at : at + rng.choice((0, count))] = donor[start : start + count]


def _word(data, at, rng, _):
    word = rng.choice(WORDS)
    data[at : at + rng.choice((0, len(word)))] = word


def _zip(content, rng, donor):
    """The archive with a member changed, renamed, added, twice or left out; its checksums are right."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError):
        return blind(content, rng, donor)
    if not members:
        return blind(content, rng, donor)
    name = rng.choice(list(members))
    choice = rng.random()
    if choice < 0.85:
        members[name] = _of_kind(members[name], rng, donor)
    elif choice < 0.9:
        members[blind(name.encode(), rng, donor[:20]).decode("latin1") or "x"] = members.pop(name)
    elif choice < 0.95:
        members[name + rng.choice((".npy", "/", "2"))] = members[name]
    else:
        del members[name]
    return zipped(members, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))


def _safetensors(content, rng, donor):
    size = int.from_bytes(content[:8], "little")
    if rng.random() < 0.2:
        return content[: 8 + size] + blind(content[8 + size :], rng, donor)
    text = _json(content[8 : 8 + size], rng, donor)
    return struct.pack("<Q", len(text)) + text + content[8 + size :]


def _json(content, rng, donor):
    """Another JSON text: a value or a key somewhere in it is another one."""
    try:
        document = json.loads(content)
        place = document
        while True:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = rng.choice(keys)
            if not isinstance(place[key], dict | list) or not place[key] or rng.random() < 0.2:
                break
            place = place[key]
        _change(place, key, rng)
        return json.dumps(document, allow_nan=True).encode()
    except (ValueError, IndexError, TypeError, RecursionError):
        return blind(content, rng, donor)


def _change(place, key, rng):
    choice = rng.random()
    if choice < 0.2:
        del place[key]
    elif choice < 0.35 and isinstance(place, dict):
        odd = ("", "..", "a/b", "\u202e", "\ud800", "__metadata__", "reproviewer/order")
        place[rng.choice((*odd, *place))] = place.pop(key)
    else:
        value = place[key]
        near = [value + n for n in (-1, 1, 4)] if isinstance(value, int | float) else [value, [value], {"x": value}]
        plain = [None, True, 1.5, "", "..", "../canary", [], {}, float("nan"), "F16", "I32", [1, 5], "x" * 2000]
        place[key] = rng.choice([*near, *near, *plain, *NUMBERS[:9], *HUGE[:9]])


def repaired(files):
    """The files with the checksums of tables, and of the data that these tell of, made right again."""
    files = dict(files)
    for name, content in files.items():
        if content.endswith(MAGIC):
            data = next((c for n, c in files.items() if n.startswith(name.removesuffix("index") + "data")), b"")
            try:
                files[name] = _table(_data_sums(_table(content), data))
            except Exception:
                files[name] = content
    return files


def _table(content):
    """The table with the checksums of its blocks made right."""
    data = bytearray(content)
    at = len(data) - 48
    about, at = _handle(data, at)
    index, _ = _handle(data, at)
    _seal(data, *about)
    _seal(data, *index)
    block = bytes(data[index[0] : sum(index)])
    at = 0
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")
    while at < end:
        _, at = varint(block, at)
        added, at = varint(block, at)
        length, at = varint(block, at)
        _seal(data, *_handle(block, at + added)[0])
        at += added + length
    return bytes(data)


def _handle(data, at):
    offset, at = varint(data, at)
    size, at = varint(data, at)
    return (offset, size), at


def _seal(data, offset, size):
    end = offset + size + 1
    if end + 4 <= len(data):
        data[end : end + 4] = struct.pack("<I", mask(crc32c(bytes(data[offset:end]))))


def _data_sums(index, data):
    """The index of a bundle with the checksums of its tensors made right."""
    for key, value in entries(index).items():
        if key and data:
            found = _entry("", value)
            right = mask(crc32c(data[found.offset : found.offset + found.size]))
            index = index.replace(struct.pack("<I", found.crc), struct.pack("<I", right))
    return index
