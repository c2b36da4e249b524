"""A program that uses every part of the package, for mypy."""

from __future__ import annotations

import contactmill as cm


def e164(cell: str, options: cm.Options | None = None) -> str | None:
    contact = cm.normalize({"phone": cell}, options)
    if isinstance(contact, cm.Rejection):
        return None
    return contact.phone.e164


def share_rejected(data: cm.ArrowStream) -> float:
    counts = cm.run(data, mapping={"phone": ["Mobile", "Home"]}, on_duplicate="first").counts
    return counts["rejected"] / max(counts["records"], 1)


def contacts(dump: str, out: str) -> int:
    try:
        manifest: cm.Manifest = cm.convert(dump, out, options=cm.Options(region="IN"), to="csv")
    except cm.MappingError as error:
        suggestion: str | None = error.suggestion
        raise SystemExit(suggestion) from error
    return manifest["counts"]["contacts"]


number: cm.Phone | None = cm.parse_phone("+919876543210")
wrong: int = cm.parse_phone("x")  # type: ignore[assignment]
cm.Options(phones="lenient")  # type: ignore[arg-type]
cm.normalize_table([1])  # type: ignore[arg-type]
