"""One number, one record, options, errors; the examples of every docstring."""

from __future__ import annotations

import copy
import doctest
import pickle
from concurrent.futures import ThreadPoolExecutor

import phonenumbers
import pytest

import contactmill as cm
import contactmill.polars

DOCUMENTED = [name for name in cm.__all__ if callable(getattr(cm, name))]


@pytest.mark.parametrize("name", [*DOCUMENTED, "polars.phone"])
def test_every_docstring_says_what_it_is_and_its_example_is_true(name: str) -> None:
    named = contactmill.polars.phone if name == "polars.phone" else getattr(cm, name)
    assert named.__doc__
    test = doctest.DocTestParser().get_doctest(named.__doc__, {}, name, None, None)
    is_plain = name in ("ArrowStream", "Counts", "Manifest", "Report") or name.endswith("Error")
    assert test.examples or is_plain, "no example"
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert runner.run(test).failed == 0


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("+91 98765 43210", None),
        ("098765 43210", "IN"),
        ("(201) 555-0123", "US"),
        ("+39 06 1234 5678", None),
        ("+44 20 7946 0958", None),
        ("+91 12345 67890", None),
        ("tel:+1-201-555-0123;ext=12", None),
        ("٠٩١٢٣٤٥٦٧٨٩", "IR"),
    ],
)
def test_numbers_are_read_as_phonenumbers_reads_them(text: str, region: str | None) -> None:
    peer = phonenumbers.parse(text, region)
    phone = cm.parse_phone(text, region)
    assert phone is not None
    assert phone.e164 == phonenumbers.format_number(peer, phonenumbers.PhoneNumberFormat.E164)
    assert phone.calling_code == peer.country_code
    assert phone.national_number == phonenumbers.national_significant_number(peer)
    assert phone.is_valid == phonenumbers.is_valid_number(peer)
    assert phone.region == phonenumbers.region_code_for_number(peer)


@pytest.mark.parametrize("text", ["", "x", "12", "+", "\ud800", "\0", "+999 1234567", "9" * 100_000])
def test_what_is_no_number_is_none(text: str) -> None:
    assert cm.parse_phone(text, "IN") is None or text == "12"
    assert isinstance(cm.normalize({"phone": text}), cm.Rejection)


@pytest.mark.parametrize("field", ["name", "email", "tags", "attr:City"])
def test_half_a_surrogate_pair_is_no_text(field: str) -> None:
    for text in ("A\ud800", ["B", "A\ud800"]):
        read = cm.normalize({"phone": "+919876543210", field: text})
        assert isinstance(read, cm.Rejection)
        assert (read.reason, read.field) == ("text_invalid_encoding", field)


def test_options_are_values() -> None:
    options = cm.Options(region="IN", add_tags=["fair"], phones="strict")
    assert pickle.loads(pickle.dumps(options)) == options == copy.copy(options)
    assert len({options, cm.Options(region="IN", add_tags=("fair",), phones="strict")}) == 1
    assert options != cm.Options(region="DE")
    assert eval(repr(options), {"Options": cm.Options}) == options
    with pytest.raises(AttributeError):
        options.region = "DE"  # type: ignore[misc]
    with pytest.raises(TypeError):
        cm.Options("IN")  # type: ignore[misc]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"region": "UK"}, 'did you mean "GB"'),
        ({"region": "India"}, 'did you mean "IN"'),
        ({"region": "??"}, "region"),
        ({"accept": "all"}, 'expected "valid" or "possible"'),
        ({"bad_email": ""}, 'expected "drop" or "reject"'),
    ],
)
def test_a_word_that_means_nothing_is_an_option_error(
    keywords: dict[str, str], message: str
) -> None:
    with pytest.raises(cm.OptionError, match=message) as raised:
        cm.Options(**keywords)  # type: ignore[arg-type]
    assert isinstance(raised.value, (cm.ContactmillError, ValueError))


def test_options_do_what_they_do_for_the_command() -> None:
    record = {"phone": "+49 30 123456", "email": "asha@"}
    assert isinstance(cm.normalize(record), cm.Normalized)
    for keywords, reason in [
        ({"line_type": "mobile"}, "phone_type_not_allowed"),
        ({"missing_name": "reject"}, "name_missing"),
        ({"bad_email": "reject"}, "email_invalid"),
    ]:
        rejection = cm.normalize(record, cm.Options(**keywords))  # type: ignore[arg-type]
        assert isinstance(rejection, cm.Rejection)
        assert rejection.reason == reason


def test_a_record_is_texts_by_field() -> None:
    contact = cm.normalize(
        {
            "first_name": "Asha",
            "last_name": "Verma",
            "phone": ["unknown", "+91 98765 43210", "+91 99887 76655"],
            "country": None,
            "tags": "lead; Lead; fair",
            "attr:city": "Pune",
        }
    )
    assert isinstance(contact, cm.Normalized)
    assert (contact.name, contact.tags) == ("Asha Verma", ["lead", "fair"])
    assert contact.attributes == {"city": "Pune", "phone_2": "+919988776655"}
    assert contact.phone == cm.parse_phone("+919876543210")
    with pytest.raises(cm.MappingError, match="no field"):
        cm.normalize({"Phone Number": "1"})
    with pytest.raises(TypeError, match="not int"):
        cm.normalize({"phone": 919876543210})  # type: ignore[dict-item]


def test_values_pickle_and_threads_share_them() -> None:
    phone = cm.parse_phone("+390612345678")
    assert pickle.loads(pickle.dumps(phone)) == phone
    options = cm.Options(region="IN")

    def read(number: int) -> str:
        contact = cm.normalize({"phone": f"98765 {number:05}"}, options)
        assert isinstance(contact, cm.Normalized)
        return contact.phone.e164

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(read, range(2_000)))
    assert numbers == [f"+9198765{number:05}" for number in range(2_000)]


def test_an_explanation_has_what_the_command_prints() -> None:
    explanation = cm.explain("9.19877E+11")
    assert explanation.reason == "phone_excel_rounded"
    assert explanation.phone is None
    assert "rejected phone_excel_rounded" in str(explanation)
    with pytest.raises(cm.OptionError):
        cm.explain("x", field="name")  # type: ignore[arg-type]


def test_no_library_is_needed_to_import_it() -> None:
    import subprocess
    import sys

    code = (
        "import sys, contactmill; contactmill.parse_phone('+919876543210');"
        "print(sorted({'pyarrow', 'polars', 'pandas', 'numpy', 'duckdb'} & set(sys.modules)))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == "[]"
