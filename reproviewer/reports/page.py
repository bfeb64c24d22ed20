"""A report as one page of HTML that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

import base64
import html
from string import Template
from typing import TYPE_CHECKING

from reproviewer import resources
from reproviewer.core.message import one_line
from reproviewer.core.sentences import SIGNS, how_paired, shown_distance
from reproviewer.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reproviewer.core.report import Document
    from reproviewer.reports.pictures import Pictures

NOT_FINITE = "not finite (NaN or infinity)"
Drawn = tuple[str, str, "Pictures"]
"""A label of what was compared with the reference, the tensor's name, and its pictures."""


def page(document: Document, drawn: Sequence[Drawn]) -> str:
    """The page. Whatever comes from files is escaped."""
    files, verdict = document["files"], document["verdict"]
    unlike = [t for t in document["tensors"] if t["verdict"] != Verdict.IDENTICAL]
    same = [t for t in document["tensors"] if t["verdict"] == Verdict.IDENTICAL]
    return Template(resources.read_text("report/page.html")).substitute(
        title=_text(f"{files[0]} and {files[1]}" if len(files) == 2 else f"{files[0]} and {len(files) - 1} others"),
        tone=_tone(verdict),
        sign=SIGNS[Verdict(verdict)],
        verdict=_text(verdict),
        summary=_text(document["summary"]),
        notes=_notes(document),
        sources="".join(map(_source, document["sources"])),
        groups=_groups(document) if len(files) > 2 else "",
        unlike=_tensors(unlike, len(files) > 2) if unlike else "<p>None.</p>",
        pictures="".join(_pictures(*one, document["files"][0]) for one in drawn) or "<p>None.</p>",
        same_count=f"{len(same):,}",
        same=_tensors(same, len(files) > 2) if same else "<p>None.</p>",
        left_out=_list(document["not_compared"]) or "<p>Nothing.</p>",
        digests="".join(map(_digests, document["sources"])),
        created=_text(document["created"]),
        versions=_text(", ".join(f"{name} {version}" for name, version in document["versions"].items())),
    )


def _text(text: str) -> str:
    return html.escape(one_line(text))


def _tone(verdict: str) -> str:
    tones = {"identical": "good", "different": "bad", "mismatched": "bad"}
    return tones.get(verdict, "between")


def _notes(document: Document) -> str:
    sentences = [*document["criteria"], *(relation["detail"] for relation in document["relations"])]
    if document["ambiguous"]:
        count = len(document["ambiguous"])
        sentences.append(f"{count:,} tensors could not be paired: no name tells which belong together.")
    return "".join(f"<p>{_text(sentence)}</p>" for sentence in sentences)


def _source(source: Document) -> str:
    about = [source["format"], *(f"{key}: {value}" for key, value in source["remarks"].items())]
    said = "; ".join(f"{key}: {value}" for key, value in source["metadata"].items())
    said = f"<br>The file says: {_text(said)}" if said else ""
    files = "".join(
        f"<br><code>{_text(file['name'])}</code> {file['size']:,} bytes, sha256 <code>{file['sha256']}</code>"
        for file in source["files"]
    )
    count = f"{len(source['tensors']):,} tensors"
    return f"<li><b>{_text(source['label'])}</b> — {_text(', '.join([count, *filter(None, about)]))}{said}{files}</li>"


def _groups(document: Document) -> str:
    names = document["files"]
    several = [group for group in document["groups"] if len(group) > 1]
    groups = "".join(f"<li>{_text(' = '.join(group))}</li>" for group in several)
    groups = f"<ul>{groups}</ul>" if several else "<p>No two are identical.</p>"
    head = "".join(f"<th>{i}</th>" for i in range(1, len(names) + 1))
    rows = "".join(
        f"<tr><th>{i} {_text(name)}</th>{''.join(map(_cell, row))}</tr>"
        for i, (name, row) in enumerate(zip(names, document["matrix"], strict=True), 1)
    )
    return f"<h2>Which equals which</h2>{groups}<table class=matrix><tr><th></th>{head}</tr>{rows}</table>"


def _cell(verdict: str) -> str:
    return f"<td class={_tone(verdict)} title='{_text(verdict)}'>{SIGNS[Verdict(verdict)]}</td>"


def _tensors(tensors: Sequence[Document], with_other: bool) -> str:
    names = ["tensor", "verdict", "shape", "dtype", "differing", "largest |Δ|", "ULP", "first difference", "remarks"]
    head = "".join(f"<th>{name}</th>" for name in ([*(["other"] if with_other else []), *names]))
    rows = "".join(f"<tr>{_other(t) if with_other else ''}{''.join(_cells(t))}</tr>" for t in tensors)
    return f"<table><tr>{head}</tr>{rows}</table>"


def _other(tensor: Document) -> str:
    return f"<td>{_text(tensor.get('other', ''))}</td>"


def _cells(tensor: Document) -> Iterable[str]:
    verdict, names = tensor["verdict"], tensor["names"]
    remarks = [tensor["relation"]["detail"]] if tensor["relation"] else []
    if names[0] != names[1] and None not in names:
        remarks.append(f"there {names[1]} (paired by: {how_paired(tensor['rule'])})")
    elif None in names:
        remarks.append(tensor["rule"])
    yield f"<td><code>{_text(tensor['name'])}</code></td>"
    yield f"<td class={_tone(verdict)}>{SIGNS[Verdict(verdict)]} {_text(verdict)}</td>"
    yield f"<td>{_text(' / '.join(map(_shape, tensor.get('shapes', [tensor['shape']]))))}</td>"
    yield f"<td>{_text(' / '.join(tensor.get('dtypes', [tensor['dtype']])))}</td>"
    yield f"<td>{tensor['differing']:,} of {tensor['size']:,}</td>" if tensor["size"] else "<td></td>"
    yield f"<td>{_distance(tensor['max_abs'])}</td>"
    yield f"<td>{'' if tensor['max_ulp'] is None else format(tensor['max_ulp'], ',')}</td>"
    yield f"<td>{_first(tensor['first'])}</td>"
    yield f"<td>{_text('; '.join(remarks))}</td>"


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _distance(value: float | str | None) -> str:
    """In three digits; JSON's "Infinity" stands for what has none."""
    return "" if value is None else NOT_FINITE if isinstance(value, str) else shown_distance(value)


def _first(first: Document | None) -> str:
    if first is None:
        return ""
    sides = zip(first["values"], first["bits"], strict=True)
    return "<br>".join([_text(str(first["index"])), *(f"{_text(v)} <code>{_text(b)}</code>" for v, b in sides)])


def _pictures(other: str, name: str, drawn: Pictures, reference: str) -> str:
    apart = f"difference: {_apart(drawn)}"
    figures = "".join(
        f"<figure><img alt='{_text(label)}' src='data:image/png;base64,{base64.b64encode(data).decode()}'>"
        f"<figcaption>{_text(label)}</figcaption></figure>"
        for label, data in ((reference, drawn.a), (other, drawn.b), (apart, drawn.difference))
    )
    where = f", slice {list(drawn.lead)}" if drawn.lead else ""
    limit = shown_distance(drawn.limit)
    head, note = f"<code>{_text(name)}</code>{_text(where)}", f"colours from -{limit} to {limit}"
    return f"<h3>{head}</h3><div class=row>{figures}</div><p class=note>{note}</p>"


def _apart(drawn: Pictures) -> str:
    """How far the elements of the picture are apart, of which some may be so by no finite number."""
    where = " in this slice" if drawn.lead else ""
    largest = f"largest |Δ|{where} {shown_distance(drawn.largest)}"
    if not drawn.not_finite:
        return largest if drawn.largest else f"other bits{where}"
    odd = f"{drawn.not_finite:,} {NOT_FINITE}{where}"
    return f"{odd}, else {largest}" if drawn.largest else odd


def _list(names: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li><code>{_text(name)}</code></li>' for name in names)}</ul>" if names else ""


def _digests(source: Document) -> str:
    rows = "".join(
        f"<tr><td><code>{_text(t['name'])}</code></td><td>{t['role']}</td><td><code>{t['sha256']}</code></td></tr>"
        for t in source["tensors"]
    )
    return f"<h3>{_text(source['label'])}</h3><table>{rows}</table>"
