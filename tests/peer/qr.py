"""Reads the QR code that a page draws as one path: ISO/IEC 18004, of the levels L and M, without mending errors."""

import re

#: By version: codewords of correction a block, and blocks.
CORRECTION = {
    "L": ([7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28] + [30] * 14,
          [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19,
           20, 21, 22, 24, 25]),
    "M": ([10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26] + [28] * 19,
          [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35,
           37, 38, 40, 43, 45, 47, 49]),
}  # fmt: skip
MASKS = [
    lambda x, y: (x + y) % 2,
    lambda x, y: y % 2,
    lambda x, y: x % 3,
    lambda x, y: (x + y) % 3,
    lambda x, y: (x // 3 + y // 2) % 2,
    lambda x, y: x * y % 2 + x * y % 3,
    lambda x, y: (x * y % 2 + x * y % 3) % 2,
    lambda x, y: ((x + y) % 2 + x * y % 3) % 2,
]
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def modules(page, quiet=4):
    """The dark modules of the code on a page, and how many a side has."""
    side, path = re.search(r'<svg class="qr" viewBox="0 0 (\d+) \d+".*?<path d="([^"]*)"', page, re.S).groups()
    runs = [tuple(map(int, run)) for run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path)]
    dark = {(x - quiet + step, y - quiet) for x, y, length in runs for step in range(length)}
    return dark, int(side) - 2 * quiet


def patterns(side, version):
    """The modules that carry no data."""
    corners = [(x, y) for x in range(9) for y in range(9)]
    taken = {*corners, *((side - 1 - x, y) for x, y in corners if x < 8), *((x, side - 1 - y) for x, y in corners if y < 8)}
    taken |= {(6, at) for at in range(side)} | {(at, 6) for at in range(side)}
    if version > 6:
        taken |= {(side - 11 + a, b) for a in range(3) for b in range(6)} | {(b, side - 11 + a) for a in range(3) for b in range(6)}
    if version > 1:
        count = version // 7 + 2
        step = 26 if version == 32 else (version * 4 + count * 2 + 1) // (count * 2 - 2) * 2
        places = [6, *(side - 7 - at * step for at in range(count - 1))]
        ends = {(6, 6), (6, side - 7), (side - 7, 6)}
        for x, y in ((x, y) for x in places for y in places if (x, y) not in ends):
            taken |= {(x + a, y + b) for a in range(-2, 3) for b in range(-2, 3)}
    return taken


def read(page):
    """The text of the code on a page."""
    dark, side = modules(page)
    version = (side - 17) // 4
    places = [(8, y) for y in (0, 1, 2, 3, 4, 5, 7, 8)] + [(7, 8)] + [(x, 8) for x in (5, 4, 3, 2, 1, 0)]
    form = (sum(((place in dark) << bit) for bit, place in enumerate(places)) ^ 0x5412) >> 10
    level, mask = {1: "L", 0: "M"}[form >> 3], MASKS[form & 7]

    taken, bits = patterns(side, version), []
    columns = [right for right in range(side - 1, 0, -2) if right > 6] + [right for right in range(5, 0, -2)]
    for right in columns:
        rows = range(side) if (right + 1) & 2 else range(side - 1, -1, -1)
        bits += [((x, y) in dark) ^ (not mask(x, y)) for y in rows for x in (right, right - 1) if (x, y) not in taken]
    words = [sum(bit << 7 - at for at, bit in enumerate(bits[start : start + 8])) for start in range(0, len(bits) - 7, 8)]

    correction, count = CORRECTION[level][0][version - 1], CORRECTION[level][1][version - 1]
    short, longer = len(words) // count - correction, len(words) % count
    blocks, next_word = [[] for _ in range(count)], iter(words)
    for at in range(short + 1):
        for number, block in enumerate(blocks):
            if at < short or number >= count - longer:
                block.append(next(next_word))
    stream = "".join(f"{word:08b}" for block in blocks for word in block)

    text, wide = "", version > 9

    def take(count):
        nonlocal stream
        number, stream = int(stream[:count], 2), stream[count:]
        return number

    while len(stream) >= 4 and (mode := take(4)):
        if mode == 4:
            text += bytes(take(8) for _ in range(take(16 if wide else 8))).decode()
        elif mode == 2:
            left = take((13 if version > 26 else 11) if wide else 9)
            for _ in range(left // 2):
                text += "".join(LETTERS[part] for part in divmod(take(11), 45))
            text += LETTERS[take(6)] if left % 2 else ""
        elif mode == 1:
            left = take((14 if version > 26 else 12) if wide else 10)
            for digits in [3] * (left // 3) + ([left % 3] if left % 3 else []):
                text += f"{take(digits * 3 + 1):0{digits}}"
        else:
            raise ValueError(f"mode {mode}")
    return text
