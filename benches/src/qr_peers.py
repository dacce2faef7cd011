"""Reads the pictures of a corpus with readers of other makes: FOLDER/list.tsv in, a line of JSON a picture out."""

import json
import sys
import time

import cv2
import numpy
import zxingcpp
from pyzbar import pyzbar

cv2.setNumThreads(1)
CLASSIC, ARUCO = cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco()


def by_opencv(detector):
    def read(picture):
        try:
            return [detector.detectAndDecode(picture)[0]]
        except (cv2.error, UnicodeDecodeError):
            return []
    return read


def by_zxing(picture):
    codes = zxingcpp.read_barcodes(
        picture, formats=zxingcpp.BarcodeFormat.QRCode, try_rotate=True, try_downscale=True, try_invert=True
    )
    return [code.text for code in codes]


def by_zbar(picture):
    codes = pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE])
    return [code.data.decode("utf-8", "replace") for code in codes]


READERS = {
    "zxing-cpp, all options": by_zxing,
    "libzbar": by_zbar,
    "OpenCV": by_opencv(CLASSIC),
    "OpenCV, aruco": by_opencv(ARUCO),
}


def main(folder):
    for line in open(f"{folder}/list.tsv", encoding="utf-8"):
        name = line.split("\t")[0]
        with open(f"{folder}/{name}", "rb") as file:
            file.readline()
            width, height = map(int, file.readline().split())
            file.readline()
            picture = numpy.frombuffer(file.read(), dtype=numpy.uint8).reshape(height, width)
        row = {}
        for reader, read in READERS.items():
            start = time.process_time()
            texts = [text for text in read(picture) if text]
            row[reader] = {"texts": texts, "ms": (time.process_time() - start) * 1e3}
        print(json.dumps(row), flush=True)


main(sys.argv[1])
