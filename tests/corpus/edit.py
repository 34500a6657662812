"""Makes, out of the good files, those that are dressed in another way (good/) and those that are broken (broken/)."""
import struct
import sys

sys.path.insert(0, "../firmware")
from dfuse import checksum, suffixed  # noqa: E402

CUT = sys.argv[1]
IDS = "0483:DF11:FFFF"


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, content):
    with open(path, "wb") as f:
        f.write(content)


def hex_record(offset, kind, data=b""):
    body = struct.pack(">BHB", len(data), offset, kind) + data
    return ":" + (body + bytes([-sum(body) & 0xFF])).hex().upper()


def s_record(kind, address, data=b""):
    size = {"0": 2, "1": 2, "2": 3, "3": 4, "4": 4, "5": 2, "6": 3, "7": 4, "8": 3, "9": 2}[kind]
    body = address.to_bytes(size, "big") + data
    body = bytes([len(body) + 1]) + body
    return "S" + kind + (body + bytes([~sum(body) & 0xFF])).hex().upper()


def text(lines, end="\r\n"):
    return (end.join(lines) + end).encode()


def without(lines, index):
    return lines[:index] + lines[index + 1:]


def replaced(lines, index, line):
    return lines[:index] + [line] + lines[index + 1:]


def hex_files():
    lines = read("good/flash-objcopy.hex").decode().split()
    data = next(i for i, line in enumerate(lines) if line[7:9] == "00")
    record = lines[data]

    write("good/flash-with-mark.hex", b"\xef\xbb\xbf" + text(lines, "\n"))
    write("good/flash-old-mac.hex", text(lines, "\r"))
    write("good/flash-lower-case.hex", text([line.lower() for line in lines], "\n"))
    write("good/flash-end-of-dos-file.hex", text(lines) + b"\x1a" + bytes(100))
    write("good/flash-blank-lines.hex", text(["", "  "] + [line + "  " for line in lines] + [""], "\n\n"))
    write("good/flash-twice.hex", text(lines[:-1] + lines))
    # Every record brings its upper address along, so that they may stand in any order.
    pairs, upper = [], None
    for line in lines:
        if line[7:9] == "04":
            upper = line
        elif line[7:9] == "00":
            pairs.append([upper, line])
    write("good/flash-backwards.hex", text(sum(reversed(pairs), []) + [lines[-1]]))

    write("broken/checksum.hex", text(replaced(lines, data, record[:-2] + "00")))
    write("broken/digit.hex", text(replaced(lines, data, record[:10] + "G" + record[11:])))
    write("broken/odd-digits.hex", text(replaced(lines, data, record[:-1])))
    write("broken/no-colon.hex", text(replaced(lines, data, record[1:])))
    write("broken/short-record.hex", text(replaced(lines, data, ":0000")))
    write("broken/length.hex", text(replaced(lines, data, ":0F" + record[3:])))
    write("broken/record-type.hex", text(replaced(lines, data, hex_record(0, 6))))
    write("broken/upper-address-size.hex", text(replaced(lines, 0, hex_record(0, 4, b"\x08"))))
    write("broken/cut-at-a-line.hex", text(lines[:-1]))
    write("broken/cut-within-a-line.hex", text(lines)[:-30])
    write("broken/after-the-end.hex", text(lines + lines))
    write("broken/no-data.hex", text(lines[-1:]))
    write("broken/ram-alone.hex", text([hex_record(0, 4, b"\x20\x00"), hex_record(0x1000, 0, bytes(16)), lines[-1]]))
    changed = bytes.fromhex(record[9:-2])
    changed = hex_record(int(record[3:7], 16), 0, changed[:5] + b"\xff" + changed[6:])
    write("broken/contradiction.hex", text(lines[:data + 1] + [changed] + lines[data + 1:]))
    write("broken/beyond-4-gib.hex", text([hex_record(0, 4, b"\xff\xff"), hex_record(0xFFF8, 0, bytes(16)), lines[-1]]))
    write("broken/binary-within.hex", text(lines[:2]) + bytes(range(256)) + text(lines[2:]))
    write("broken/far-apart.hex", text([
        hex_record(0, 0, b"\x01"), hex_record(0, 4, b"\xff\xff"), hex_record(0xFFFF, 0, b"\x02"), lines[-1]]))


def s_record_files():
    lines = read("good/flash-objcopy.s19").decode().split()
    data = 1
    record = lines[data]

    write("good/flash-shuffled.s19", text([lines[0]] + lines[-2:0:-1] + [s_record("5", len(lines) - 2), lines[-1]], "\n"))
    write("good/flash-long-count.s19", text(lines[:-1] + [s_record("6", len(lines) - 2), lines[-1]]))

    write("broken/checksum.s19", text(replaced(lines, data, record[:-2] + "00")))
    write("broken/digit.s19", text(replaced(lines, data, record[:12] + "x" + record[13:])))
    write("broken/odd-digits.s19", text(replaced(lines, data, record[:-1])))
    write("broken/no-s.s19", text(replaced(lines, data, record[1:])))
    write("broken/type-missing.s19", text(replaced(lines, data, "S")))
    write("broken/record-type.s19", text(replaced(lines, data, s_record("4", 0))))
    write("broken/short-record.s19", text(replaced(lines, data, "S303" + record[4:10])))
    write("broken/length.s19", text(replaced(lines, data, record[:2] + "10" + record[4:])))
    write("broken/lost-record.s19", text(without(lines[:-1], data) + [s_record("5", len(lines) - 2), lines[-1]]))
    write("broken/count-with-data.s19", text(lines[:-1] + [s_record("5", len(lines) - 2, b"\x00"), lines[-1]]))
    write("broken/cut-at-a-line.s19", text(lines[:-1]))
    write("broken/cut-within-a-line.s19", text(lines)[:-40])
    write("broken/after-the-end.s19", text(lines + lines))
    write("broken/beyond-4-gib.s19", text([s_record("3", 0xFFFFFFF8, bytes(16)), lines[-1]]))
    write("broken/contradiction.s19", text(lines[:-1] + [s_record("3", 0x08004008, b"\x00"), lines[-1]]))
    write("broken/no-data.s19", text([lines[0], lines[-1]]))


def patched(content, offset, form, *values):
    size = struct.calcsize(form)
    return content[:offset] + struct.pack(form, *values) + content[offset + size:]


def elf_files():
    elf = read("good/flash.elf")
    headers, sections = struct.unpack_from("<I", elf, 0x1C)[0], struct.unpack_from("<I", elf, 0x20)[0]
    count = struct.unpack_from("<H", elf, 0x2C)[0]
    program = patched(elf, 0x20, "<I", 0)
    write("good/flash-without-sections.elf", patched(program, 0x30, "<HH", 0, 0))

    write("broken/cut-in-header.elf", elf[:40])
    write("broken/cut-in-section-headers.elf", elf[:sections + 60])
    write("broken/cut-in-data.elf", patched(patched(elf[:0x100], 0x20, "<I", 0), 0x30, "<HH", 0, 0))
    write("broken/64-bit.elf", patched(elf, 4, "<B", 2))
    write("broken/big-endian.elf", patched(elf, 5, "<B", 2))
    write("broken/x86.elf", patched(elf, 0x12, "<H", 3))
    write("broken/core-dump.elf", patched(elf, 0x10, "<H", 4))
    write("broken/program-header-size.elf", patched(elf, 0x2A, "<H", 56))
    write("broken/program-headers-outside.elf", patched(elf, 0x1C, "<I", 0xFFFFFFF0))
    write("broken/section-headers-outside.elf", patched(elf, 0x20, "<I", 0x7FFFFFFF))
    write("broken/section-outside.elf", patched(elf, sections + 40 + 20, "<I", 0x10000000))
    write("broken/segment-of-4-gib.elf", patched(elf, headers + 16, "<I", 0xFFFFFFFF))
    write("broken/nothing-to-load.elf", patched(elf, 0x2C, "<H", 0))
    moved = elf
    for i in range(count):
        moved = patched(moved, headers + 32 * i + 12, "<I", 0x20000000 + 0x1000 * i)
    write("broken/ram-alone.elf", moved)
    overlapping = elf
    for i in range(count):
        overlapping = patched(overlapping, headers + 32 * i + 12, "<I", 0x08004000)
    write("broken/contradiction.elf", overlapping)


def dfu_files():
    dfu = read("good/flash.dfu")
    body = dfu[:-16]
    write("good/flash-size-with-suffix.dfu", suffixed(patched(body, 6, "<I", len(body) + 16), IDS))
    write("good/flash-wrong-target-size.dfu", suffixed(patched(body, 11 + 266, "<I", 0), IDS))
    longer = body + b"\0" * 4 + struct.pack("<HHHH3sB", 0xFFFF, 0xDF11, 0x0483, 0x011A, b"UFD", 20)
    write("good/flash-longer-suffix.dfu", longer + checksum(longer))

    write("broken/checksum.dfu", dfu[:-1] + bytes([dfu[-1] ^ 1]))
    write("broken/changed-byte.dfu", patched(dfu, 300, "<B", dfu[300] ^ 1))
    write("broken/cut.dfu", dfu[:-100])
    write("good/no-suffix.dfu", body)
    write("broken/suffix-cut.dfu", suffixed(body, IDS)[:-5])
    write("broken/prefix-alone.dfu", suffixed(body[:5], IDS))
    write("broken/version.dfu", suffixed(patched(body, 5, "<B", 2), IDS))
    write("broken/image-size.dfu", suffixed(patched(body, 6, "<I", len(body) + 5), IDS))
    write("broken/too-many-targets.dfu", suffixed(patched(body, 10, "<B", 2), IDS))
    write("broken/target-signature.dfu", suffixed(patched(body, 11, "<6s", b"target"), IDS))
    write("broken/too-many-elements.dfu", suffixed(patched(body, 11 + 270, "<I", 0xFFFFFFFF), IDS))
    write("broken/element-too-long.dfu", suffixed(patched(body, 11 + 274 + 4, "<I", 0xFFFFFFF0), IDS))
    write("broken/element-too-short.dfu", suffixed(patched(body, 11 + 270, "<I", 2), IDS))
    write("broken/beyond-4-gib.dfu", suffixed(patched(body, 11 + 274, "<I", 0xFFFFFFF8), IDS))
    write("broken/contradiction.dfu", suffixed(patched(body, len(body) - 5 - 8, "<I", 0x08004001), IDS))
    write("broken/no-data.dfu", suffixed(struct.pack("<5sBIB", b"DfuSe", 1, 11, 0), IDS))
    plain = read("good/plain.dfu")
    write("broken/plain-checksum.dfu", patched(plain, 20, "<B", plain[20] ^ 0x40))
    write("broken/suffix-alone.dfu", suffixed(b"", IDS, 0x0100))


def raw_files():
    first = read(f"{CUT}/first.bin")
    write("good/raw.bin", first)
    write("broken/empty.bin", b"")
    write("broken/short.bin", first[:6])
    write("broken/text.bin", b"Sketch uses 12345 bytes (2%) of program storage space.\n")
    write("broken/utf-16.hex", read("good/flash-objcopy.hex").decode().encode("utf-16"))
    write("broken/zip.bin", b"PK\x03\x04" + bytes(60))
    write("broken/erased.bin", b"\xff" * 64)


hex_files()
s_record_files()
elf_files()
dfu_files()
raw_files()
