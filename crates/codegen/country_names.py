#!/usr/bin/env python3
"""Writes crates/core/data/country-names.tsv: names of countries in many languages, from CLDR.

    npm install --prefix FOLDER cldr-core@48.2.0 cldr-localenames-full@48.2.0
    python3 crates/codegen/country_names.py FOLDER

CLDR has the Unicode licence; see docs/sources.md. Names that stand in countries.tsv are left out here.
`cargo test -p contactmill-core` holds both files together.
"""

import collections
import json
import pathlib
import re
import sys
import unicodedata

LANGUAGES = "ar bn de en es fa fr hi id it ja ko ms nl pl pt ru sw th tr uk vi zh".split()

# Names and abbreviations that stand for two regions, or for something else: no cell is read by them.
DROPPED = {
    "nga",  # Russia in Vietnamese, the alpha-3 code of Nigeria
    "ru",  # the United Kingdom in Spanish, the alpha-2 code of Russia
    "as",  # the United States in Indonesian and Malay, the alpha-2 code of American Samoa
    "ra",  # the United Kingdom in Irish, and what stands on cars of Argentina
    "du",  # the United Kingdom in Welsh, and a word in other languages
}

CORE = pathlib.Path(__file__).parent.parent / "core"
HEAD = """\
# Names of countries in many languages: name, region, languages. Written by crates/codegen/country_names.py
# from CLDR; what people call a country beside that stands in countries.tsv.
#
# Names are folded, as they compare: lower case, without accents, spaces and punctuation. Those of one or two
# letters keep all three but the case: they would be codes of other countries. The order is that of the bytes.
# Cases: tests/cells/countries.tsv.
"""


# Letters whose stroke is an accent to people.
STROKES = str.maketrans("đħłøŧ", "dhlot")


def folded(text):
    """What `core::text::folded` makes of a text."""
    def stays(c):
        kind = unicodedata.category(c)[0]
        return kind in "LN" or kind == "M" and 0x0900 <= ord(c) <= 0x109F

    kept = (c for c in unicodedata.normalize("NFKD", text) if stays(c))
    folded = "".join(letter.lower() for c in kept for letter in c.upper())
    return folded.translate(STROKES)


def key(name):
    """The form in which a name compares."""
    short = folded(name)
    return short if len(short) > 2 else unicodedata.normalize("NFC", name).lower()


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def cldr_territories(modules, locale):
    """Region and name of every territory in a locale, with its variants."""
    path = modules / "cldr-localenames-full/main" / locale / "territories.json"
    if not path.exists():
        return
    names = read_json(path)["main"][locale]["localeDisplayNames"]["territories"]
    for code, name in names.items():
        if match := re.fullmatch(r"([A-Z]{2})(-alt-\w+)?", code):
            yield match[1], name


def all_names(modules):
    """Region, name, language: of every region in our languages, and in its own official ones."""
    main = modules / "cldr-localenames-full/main"
    for locale in sorted(path.name for path in main.iterdir()):
        language = locale.split("-")[0]
        if language in LANGUAGES:
            for region, name in cldr_territories(modules, locale):
                yield region, name, language
    info = read_json(modules / "cldr-core/supplemental/territoryInfo.json")
    for region, about in info["supplemental"]["territoryInfo"].items():
        for locale, use in about.get("languagePopulation", {}).items():
            if "_officialStatus" in use:
                for of, name in cldr_territories(modules, locale.replace("_", "-")):
                    if of == region:
                        yield region, name, locale.split("_")[0]


def hand_written():
    """The names of countries.tsv by their form, the regions and the alpha-3 codes among them."""
    known, regions = {}, set()
    for line in (CORE / "data/countries.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            region, alpha_3, names = line.split("\t")
            regions.add(region)
            known.update({key(name): region for name in [alpha_3, *names.split("|")]})
    return known, regions


def main():
    modules = pathlib.Path(sys.argv[1]) / "node_modules"
    known, regions = hand_written()
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    for region, name, language in all_names(modules):
        if region in regions and name != region and key(name) not in DROPPED:
            found[key(name)][region].add(language)
    rows, disputed = [], []
    for name, of in found.items():
        others = set(of) | ({known[name]} if name in known else set())
        if len(others) > 1 or name.upper() in regions - set(of):
            disputed.append(f"{name}: {[(region, *sorted(of[region])) for region in of]}")
        elif name not in known:
            [(region, languages)] = of.items()
            rows.append((name, region, ",".join(sorted(languages))))
    if disputed:
        sys.exit("names of two regions, to be decided in DROPPED:\n" + "\n".join(disputed))
    rows.sort(key=lambda row: row[0].encode())
    text = HEAD + "\n" + "".join("\t".join(row) + "\n" for row in rows)
    (CORE / "data/country-names.tsv").write_text(text, encoding="utf-8")
    print(f"{len(rows)} names, {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
