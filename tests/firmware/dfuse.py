"""Writes a DfuSe file (UM0391).

dfuse.py OUT.dfu [--ids VID:PID:RELEASE] --target ALT NAME ADDRESS=FILE... [--target ...]
An empty NAME makes a target without a name.
"""
import struct
import sys
import zlib


def target(alternate, name, *elements):
    data = b""
    for element in elements:
        address, file = element.split("=")
        with open(file, "rb") as f:
            content = f.read()
        data += struct.pack("<II", int(address, 0), len(content)) + content
    named = struct.pack("<BI255s", int(alternate, 0), 1 if name else 0, name.encode())
    return b"Target" + named + struct.pack("<II", len(data), len(elements)) + data


def checksum(content):
    return struct.pack("<I", zlib.crc32(content) ^ 0xFFFFFFFF)


def suffixed(body, ids, version=0x011A):
    vendor, product, release = (int(part, 16) for part in ids.split(":"))
    body += struct.pack("<HHHH3sB", release, product, vendor, version, b"UFD", 16)
    return body + checksum(body)


def dfuse(ids, targets):
    body = b"".join(target(*t) for t in targets)
    return suffixed(struct.pack("<5sBIB", b"DfuSe", 1, 11 + len(body), len(targets)) + body, ids)


def main(arguments):
    out, ids, targets = arguments[0], "0483:DF11:FFFF", []
    rest = arguments[1:]
    while rest:
        option = rest.pop(0)
        if option == "--ids":
            ids = rest.pop(0)
        elif option == "--target":
            targets.append([])
        else:
            targets[-1].append(option)
    with open(out, "wb") as f:
        f.write(dfuse(ids, targets))


if __name__ == "__main__":
    main(sys.argv[1:])
