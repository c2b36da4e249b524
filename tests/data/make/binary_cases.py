"""Writes the inputs of the cases that no editor can write: workbooks, Parquet, Arrow.

    pip install pyarrow pandas openpyxl xlwt
    python tests/data/make/binary_cases.py [FUNCTION...]

Each goes to its folder under tests/data/cases. Names and numbers are invented.
"""

import base64
import datetime
import decimal
import gzip
import io
import pathlib
import struct
import sys
import zipfile
from xml.sax.saxutils import escape

import openpyxl
import openpyxl.chart
import pandas
import pyarrow
import pyarrow.feather
import pyarrow.parquet
import pyarrow.parquet.encryption
import xlwt

CASES = pathlib.Path(__file__).parent.parent / "cases"
NAMES = ["Asha Rao", "Ravi Menon", "Meena Iyer"]
PHONES = ["+91 98765 43210", "+91 99887 76655", "+91 98111 22233"]
PLAIN = {"Name": NAMES, "Phone": PHONES}


def case(name, file, data, *arguments):
    """A case folder with an input; what is expected is written by the tests."""
    folder = CASES / name
    folder.mkdir(exist_ok=True)
    (folder / file).write_bytes(data)
    (folder / "args").write_text("\n".join([file, *arguments]) + "\n")



def xls_formulas():
    """Formulas under the number that they had in Excel 4, dates that count from 1904 in a format under
    a number that Excel does not give, a phone number formatted as a date, and a macro sheet."""
    book = xlwt.Workbook()
    book.dates_1904 = True
    sheet = book.add_sheet("Leads")
    date = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for column, title in enumerate(["Name", "Phone", "Since"]):
        sheet.write(0, column, title)
    for row, name in enumerate(NAMES, 1):
        sheet.write(row, 0, name)
    sheet.write(1, 1, xlwt.Formula("919876543210+0"))
    sheet.write(1, 2, datetime.date(2024, 3, 15), date)
    sheet.write(2, 1, PHONES[1])
    sheet.write(2, 2, xlwt.Formula("C2+1"), date)
    sheet.write(3, 1, 919811122233, date)
    book.add_sheet("Macro1").write(0, 0, "no contact")
    data = io.BytesIO()
    book.save(data)
    data = bytearray(data.getvalue())
    # What the formulas gave, which xlwt does not work out: numbers, the second one a day of 1904.
    for cell, gave in [((1, 1), 919876543210.0), ((2, 2), 43905.0)]:
        at = next(
            at
            for at in range(len(data) - 4)
            if data[at : at + 2] == b"\x06\x00" and data[at + 4 : at + 8] == struct.pack("<HH", *cell)
        )
        data[at : at + 2] = b"\x06\x04"
        data[at + 10 : at + 18] = struct.pack("<d", gave)
    # The format has a number that is not one of Excel's for formats of one's own.
    look = data.rindex(b"\x1e\x04", 0, data.index("DD.MM.YYYY".encode()))
    own = bytes(data[look + 4 : look + 6])
    for at in range(len(data) - 8):
        if data[at : at + 4] == b"\xe0\x00\x14\x00" and data[at + 6 : at + 8] == own:
            data[at + 6 : at + 8] = struct.pack("<H", 500)
    data[look + 4 : look + 6] = struct.pack("<H", 500)
    # The second sheet is one of macros, which begins nowhere.
    sheet = data.index(b"\x85\x00", data.index(b"\x85\x00") + 2)
    data[sheet + 4 : sheet + 8] = struct.pack("<I", 0x7FFFFFFF)
    data[sheet + 9] = 1
    case("xls-formulas-of-excel-4", "leads.xls", bytes(data), "--region", "IN")


def xlsx_1904():
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    sheet = book.active
    sheet.append(["Name", "Phone", "Since"])
    for name, phone in zip(NAMES, PHONES):
        sheet.append([name, phone, datetime.date(2024, 3, 15)])
    # A phone number in a cell for dates, and one that is a time.
    sheet.append(["Kiran", 919876500001, datetime.time(9, 30)])
    sheet["B5"].number_format = "yyyy-mm-dd"
    data = io.BytesIO()
    book.save(data)
    case("xlsx-dates-from-1904", "leads.xlsx", data.getvalue(), "--region", "IN")


def number_formats():
    # Numbers whose country code, or leading zero, is in the format of the cell.
    book, old = openpyxl.Workbook(), xlwt.Workbook()
    sheet, old_sheet = book.active, old.add_sheet("Leads")
    for column, title in enumerate(["Name", "Phone"]):
        sheet.cell(1, column + 1, title)
        old_sheet.write(0, column, title)
    formats = ['"+44 "0', "\\+\\4\\40", "[$+44] 0", '"+1 "(000) 000\\-0000', "0000000000", "General"]
    numbers = [7400123456, 7400123457, 7400123458, 2025550123, 612345678, 9876543210]
    shown = ["+44 7400123456", "+447400123457", "+44 7400123458", "+1 (202) 555-0123", "0612345678", "9876543210"]
    for row, (number, code) in enumerate(zip(numbers, formats), start=2):
        sheet.cell(row, 1, f"Asha {row}")
        sheet.cell(row, 2, number).number_format = code
        old_sheet.write(row - 1, 0, f"Asha {row}")
        old_sheet.write(row - 1, 1, number, xlwt.easyxf(num_format_str=code))
    data, old_data = io.BytesIO(), io.BytesIO()
    book.save(data)
    old.save(old_data)
    case("xlsx-number-formats", "leads.xlsx", data.getvalue(), "--region", "FR")
    case("xls-number-formats", "leads.xls", old_data.getvalue(), "--region", "FR")
    rows = [TEXT.format("Name") + TEXT.format("Phone")]
    for row, (number, text) in enumerate(zip(numbers, shown), start=2):
        number = f'<table:table-cell office:value-type="float" office:value="{number}"><text:p>{text}</text:p></table:table-cell>'
        rows.append(TEXT.format(f"Asha {row}") + number)
    case("ods-number-formats", "leads.ods", ods({"Leads": rows}), "--region", "FR")


TEXT = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'


def ods(tables, hidden=()):
    """A spreadsheet of these tables; a row is its cells in XML."""
    spaces = "".join(
        f' xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
        for prefix in ["office", "style", "table", "text"]
    )
    content = f"<office:document-content{spaces}><office:automatic-styles>"
    for style, display in [("ta1", "true"), ("ta2", "false")]:
        content += f'<style:style style:name="{style}" style:family="table">'
        content += f'<style:table-properties table:display="{display}"/></style:style>'
    content += "</office:automatic-styles><office:body><office:spreadsheet>"
    for name, rows in tables.items():
        style = "ta2" if name in hidden else "ta1"
        content += f'<table:table table:name="{name}" table:style-name="{style}">'
        content += "".join(f"<table:table-row>{cells}</table:table-row>" for cells in rows)
        content += "</table:table>"
    content += "</office:spreadsheet></office:body></office:document-content>"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return made.getvalue()


def ods_formulas_without_results():
    formula = '<table:table-cell table:formula="of:=[.D{}]"/>'
    rows = [TEXT.format("Name") + TEXT.format("Phone"), TEXT.format("Asha Rao") + formula.format(2)]
    case("ods-formulas-without-results", "leads.ods", ods({"Leads": rows}))


def xlsx_formulas_without_results():
    # The library does not calculate. What is said of a sheet that is not read does not count.
    book = openpyxl.Workbook()
    book.active.title = "Leads"
    book.active.append(["Name", "Phone"])
    book.create_sheet("Source").append(["Asha", "+919876543210"])
    for row in range(2, 4):
        book.active.append([f"=Source!A{row - 1}", f"=Source!B{row - 1}"])
    data = io.BytesIO()
    book.save(data)
    case("xlsx-formulas-without-results", "leads.xlsx", data.getvalue(), "--sheet", "Leads")


def xlsx_groups():
    """Groups of columns in joined cells above the header row."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Parent", None, "Student", None, None])
    sheet.append(["Name", "Phone", "Name", "Class", "Phone"])
    sheet.merge_cells("A1:B1")
    sheet.merge_cells("C1:E1")
    for name, phone, number in zip(NAMES, PHONES, range(3)):
        sheet.append([name, phone, f"Student {number}", 5, f"+91 98765 4329{number}"])
    data = io.BytesIO()
    book.save(data)
    case("xlsx-groups-above-the-header", "in.xlsx", data.getvalue(), "--map", "phone=Parent Phone")


def xlsx_exclusion_list():
    # Whoever stands in any of its sheets is left out.
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    book.active.append(["Never write to these people"])
    book.create_sheet("Phones").append(["Phone"])
    book["Phones"].append(["+919876543210"])
    book.create_sheet("E-mails").append(["E-Mail"])
    book["E-mails"].append(["ravi@example.com"])
    data = io.BytesIO()
    book.save(data)
    name = "exclude-sheets-of-a-workbook"
    case(name, "do-not-call.xlsx", data.getvalue())
    (CASES / name / "args").write_text("leads.csv\n--exclude\ndo-not-call.xlsx\n")
    people = "Asha,+919876543210,\nRavi,+919876543211,ravi@example.com\nMeena,+919876543212,\n"
    (CASES / name / "leads.csv").write_text("Name,Phone,Email\n" + people)


def xlsm():
    """A sheet of contacts beside a sheet of nothing but a chart, and one of Excel 4 macros."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Leads"
    sheet.append(["Name", "Phone"])
    for name, phone in zip(NAMES, PHONES):
        sheet.append([name, phone])
    chart = openpyxl.chart.BarChart()
    chart.add_data(openpyxl.chart.Reference(sheet, min_col=1, min_row=1, max_row=2))
    book.create_chartsheet("Chart").add_chart(chart)
    plain = io.BytesIO()
    book.save(plain)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relation = "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet"
    made = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            part = old.read(member).decode()
            if member.filename == "xl/workbook.xml":
                added = '<sheet name="Macro1" sheetId="9" state="visible" r:id="rIdM" '
                added += 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"/>'
                part = part.replace("</sheets>", added + "</sheets>")
            if member.filename == "xl/_rels/workbook.xml.rels":
                added = f'<Relationship Id="rIdM" Type="{relation}" Target="macrosheets/sheet1.xml"/>'
                part = part.replace("</Relationships>", added + "</Relationships>")
            new.writestr(member.filename, part)
        macro = f'<xm:macrosheet xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" xmlns="{main}">'
        macro += '<sheetData><row r="1"><c r="A1"><f>ALERT("no contact")</f></c></row></sheetData></xm:macrosheet>'
        new.writestr("xl/macrosheets/sheet1.xml", macro)
    case("xlsm-beside-macros-and-charts", "leads.xlsm", made.getvalue())


def columns():
    """Values of every kind, some outside any calendar, and columns that have no text."""
    number = pyarrow.int64()
    struct_of = pyarrow.struct([("id", pyarrow.int32()), ("sum", pyarrow.float64())])
    table = pyarrow.table(
        {
            **PLAIN,
            "Since": pyarrow.array([2**63 - 1, 1710525600000000, -(2**63)], number).cast(
                pyarrow.timestamp("us")
            ),
            "Seen": pyarrow.array([253402300800000, 0, None], number).cast(
                pyarrow.timestamp("ms", tz="UTC")
            ),
            "Exact": pyarrow.array([1710525600000000001, None, 0], number).cast(pyarrow.timestamp("ns")),
            "Born": pyarrow.array([2**31 - 1, 19797, None], pyarrow.int32()).cast(pyarrow.date32()),
            "At": pyarrow.array([datetime.time(18), None, datetime.time(9, 30)], pyarrow.time64("us")),
            "Balance": pyarrow.array(
                [decimal.Decimal("12.50"), None, decimal.Decimal("-0.05")], pyarrow.decimal128(10, 2)
            ),
            "Photo": pyarrow.array([b"\x89PNG\r\n\x1a\n\x00\xff", b"\xff\xd8\xff", None], pyarrow.binary()),
            "Note": pyarrow.array([b"calls back", b"vip", b"new"], pyarrow.binary()),
            "Orders": pyarrow.array([[{"id": 1, "sum": 2.5}], [], None], pyarrow.list_(struct_of)),
            "Labels": pyarrow.array([["a", "b"], [], None], pyarrow.list_(pyarrow.string())),
            "Extra": pyarrow.array(
                [[("k", "v"), ("l", "w")], None, []], pyarrow.map_(pyarrow.string(), pyarrow.string())
            ),
        }
    )
    data = io.BytesIO()
    pyarrow.parquet.write_table(table, data)
    case("parquet-values-of-every-kind", "leads.parquet", data.getvalue())
    case("parquet-mapped-column-without-text", "leads.parquet", data.getvalue(), "--map", "attr:orders=Orders")
    data = io.BytesIO()
    with pyarrow.ipc.new_file(data, table.schema) as file:
        file.write_table(table)
    case("arrow-values-of-every-kind", "leads.arrow", data.getvalue())

    # A number of binary32 has lost its last digits.
    short = pyarrow.array([9876543210.0, 9198765432.0, None], pyarrow.float32())
    table = pyarrow.table({"Name": NAMES, "Phone": short, "Score": pyarrow.array([1.5, 2.0, None], pyarrow.float32())})
    data = io.BytesIO()
    pyarrow.parquet.write_table(table, data)
    case("parquet-floats-of-32-bits", "leads.parquet", data.getvalue(), "--region", "IN")
    data = io.BytesIO()
    with pyarrow.ipc.new_file(data, table.schema) as file:
        file.write_table(table)
    case("arrow-floats-of-32-bits", "leads.arrow", data.getvalue(), "--region", "IN")

    table = pyarrow.table(
        {
            **PLAIN,
            "Since": pyarrow.array(
                [datetime.datetime(2024, 3, 15, 18), datetime.datetime(1, 1, 1), None],
                pyarrow.timestamp("us"),
            ),
        }
    )
    data = io.BytesIO()
    pyarrow.parquet.write_table(table, data, use_deprecated_int96_timestamps=True)
    data = bytearray(data.getvalue())
    case("parquet-int96", "leads.parquet", bytes(data))


def consents_without_text():
    opted_out = pyarrow.array([[{"channel": "sms"}], [], None])
    table = pyarrow.table({**PLAIN, "Opted out": opted_out})
    data = io.BytesIO()
    with pyarrow.ipc.new_file(data, table.schema) as file:
        file.write_table(table)
    case("arrow-consents-without-text", "leads.arrow", data.getvalue(), "--opt-outs", "exclude")


def compressed():
    plain = pyarrow.table(PLAIN)
    for codec in ["lz4", "brotli"]:
        data = io.BytesIO()
        pyarrow.parquet.write_table(plain, data, compression=codec)
        case(f"parquet-{codec}", "leads.parquet", data.getvalue())
    frame = pandas.DataFrame(
        {
            "Name": NAMES * 8,
            "Phone": [f"+91 98765 432{number:02}" for number in range(24)],
            "Plan": pandas.Categorical(["Gold", "Silver", None] * 8),
        }
    )
    for codec in ["lz4", "zstd"]:
        data = io.BytesIO()
        frame.to_feather(data, compression=codec)
        case(f"feather-{codec}", "leads.feather", data.getvalue())


def encrypted():
    class Keys(pyarrow.parquet.encryption.KmsClient):
        def __init__(self, _):
            super().__init__()

        def wrap_key(self, key, _):
            return base64.b64encode(key)

    factory = pyarrow.parquet.encryption.CryptoFactory(lambda settings: Keys(settings))
    settings = pyarrow.parquet.encryption.EncryptionConfiguration(
        footer_key="footer", column_keys={"key": ["Phone"]}, plaintext_footer=True
    )
    connection = pyarrow.parquet.encryption.KmsConnectionConfig()
    properties = factory.file_encryption_properties(connection, settings)
    plain = pyarrow.table(PLAIN)
    data = io.BytesIO()
    with pyarrow.parquet.ParquetWriter(data, plain.schema, encryption_properties=properties) as file:
        file.write_table(plain)
    case("parquet-encrypted-column", "leads.parquet", data.getvalue())


def padded():
    text = "Name,Phone\n" + "".join(f"{name},{phone}\n" for name, phone in zip(NAMES, PHONES))
    packed = gzip.compress(text[:30].encode(), mtime=0) + gzip.compress(text[30:].encode(), mtime=0)
    case("gzip-padded-with-zeros", "leads.csv.gz", packed + bytes(600))


# Sheets of one workbook: two of contacts, with one number in both, and some without.
SHEETS = {
    "Read me": [["Contacts of our fairs"], ["Please do not change the first sheet"]],
    "India": [["Name", "Phone"], *zip(NAMES, PHONES)],
    "Leads Spain": [
        ["Nombre", "Móvil", "Ciudad"],
        ["Jimena Ortiz", "+34 612 34 56 78", "Sevilla"],
        ["Asha Rao", PHONES[0], "Madrid"],
        ["Nadie", "612 34", ""],
    ],
    "Totals": [["Month", "Contacts"], ["January", "3"], ["February", "2"]],
    "Empty": [],
    "Old": [["Name", "Phone"], ["Om Nair", "+91 98765 00001"]],
}


def sheets():
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in SHEETS.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book["Old"].sheet_state = "hidden"
    data = io.BytesIO()
    book.save(data)
    xlsx = data.getvalue()
    case("sheets-unchosen", "leads.xlsx", xlsx)
    case("sheets-two-by-name", "leads.xlsx", xlsx, "--sheet", "leads spain", "--sheet", "India")
    case("sheets-all", "leads.xlsx", xlsx, "--sheet", "*")
    case("sheets-one-twice", "leads.xlsx", xlsx, "--sheet", "india", "--sheet", "India")
    case("sheets-hidden-by-name", "leads.xlsx", xlsx, "--sheet", "Old")
    case("sheets-all-mapped", "leads.xlsx", xlsx, "--sheet", "*", "--map", "phone=Phone")
    case("sheets-without-contacts-by-name", "leads.xlsx", xlsx, "--sheet", "Totals", "--sheet", "India")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for month, people in {"Jan": ["Asha Rao", "Om Das"], "Feb": ["Ravi Menon", "Uma Das"], "Notes": []}.items():
        sheet = book.create_sheet(month)
        sheet.append(["Member", "Contact", "Amount"] if people else ["Paid in cash"])
        for at, name in enumerate(people):
            sheet.append([name, 9876543210 + at + len(month + name), 500])
    data = io.BytesIO()
    book.save(data)
    case("sheets-alike-by-their-cells", "members.xlsx", data.getvalue(), "--region", "IN")
    case("sheets-alike-all", "members.xlsx", data.getvalue(), "--sheet", "*", "--region", "IN")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("more.csv", "Name,Phone\nUma Das,+91 98765 00002\n")
        archive.writestr("leads.xlsx", xlsx)
    case("sheets-all-of-a-workbook-in-an-archive", "leads.zip", packed.getvalue(), "--sheet", "*")

    book = xlwt.Workbook()
    for name, rows in SHEETS.items():
        sheet = book.add_sheet(name)
        sheet.visibility = int(name == "Old")
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write(at, column, cell)
    data = io.BytesIO()
    book.save(data)
    case("sheets-all-xls", "leads.xls", data.getvalue(), "--sheet", "*")

    tables = {
        name: ["".join(TEXT.format(escape(text)) for text in row) for row in rows]
        for name, rows in SHEETS.items()
    }
    case("sheets-all-ods", "leads.ods", ods(tables, hidden=["Old"]), "--sheet", "*")


ALL = [xls_formulas, xlsx_1904, number_formats, ods_formulas_without_results,
       xlsx_formulas_without_results, xlsx_groups, xlsx_exclusion_list,
       xlsm, sheets, columns, consents_without_text, compressed]
for make in [*ALL, encrypted, padded]:
    if make.__name__ in sys.argv[1:] or not sys.argv[1:]:
        make()
