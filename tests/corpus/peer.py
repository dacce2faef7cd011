"""Reads pictures of codes with other readers: of each, width and height (4 bytes each) and grey pixels in; lists out.

As JSON: by the name of each reader, a list of texts for each picture.
"""

import json
import struct
import sys

import zxingcpp
from pyzbar import pyzbar


def pictures(stream):
    while head := stream.read(8):
        width, height = struct.unpack(">II", head)
        yield width, height, stream.read(width * height)


def by_zxing(width, height, pixels):
    codes = zxingcpp.read_barcodes(
        memoryview(pixels).cast("B", (height, width)),
        formats=zxingcpp.BarcodeFormat.QRCode,
        try_rotate=True,
        try_downscale=True,
        try_invert=True,
    )
    return [code.text for code in codes]


def by_zbar(width, height, pixels):
    codes = pyzbar.decode((pixels, width, height), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return [code.data.decode("utf-8", "replace") for code in codes]


asked = list(pictures(sys.stdin.buffer))
readers = {"zxing-cpp": by_zxing, "libzbar": by_zbar}
json.dump({name: [read(*picture) for picture in asked] for name, read in readers.items()}, sys.stdout)
