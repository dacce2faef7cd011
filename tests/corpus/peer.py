"""Reads pictures of codes with zxing-cpp, all its options on: of each, width and height (4 bytes each) and grey pixels in; a list out.

A list of texts for each picture, as JSON.
"""

import json
import struct
import sys

import zxingcpp


def pictures(stream):
    while head := stream.read(8):
        width, height = struct.unpack(">II", head)
        yield memoryview(stream.read(width * height)).cast("B", (height, width))


def read(picture):
    codes = zxingcpp.read_barcodes(
        picture, formats=zxingcpp.BarcodeFormat.QRCode, try_rotate=True, try_downscale=True, try_invert=True
    )
    return [code.text for code in codes]


json.dump([read(picture) for picture in pictures(sys.stdin.buffer)], sys.stdout)
