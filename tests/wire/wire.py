"""A bad wire for packets: two network namespaces, a TUN device in each, and between them what a bad line does.

    wire.py NAME SEED LOST DOUBLED LATE CUT      (the last four of a thousand packets)

The namespaces are NAMEp (10.77.0.2, the phone's) and NAMEg (10.77.0.1, the gateway's). It says «ready», or «impossible» and
why, and carries until its input ends. Then it removes what it made and says what it did, as one JSON object.
"""
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def end(name, own, peer):
    """A namespace with a TUN device in it; what the device sends is read here, whatever namespace it lies in."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    ip("netns", "add", name)
    ip("link", "set", name, "netns", name)
    ip("-n", name, "addr", "add", own, "peer", peer, "dev", name)
    ip("-n", name, "link", "set", name, "up")
    # What is lost is sent again soon: a test has less patience than a person on a train.
    ip("-n", name, "route", "replace", peer, "dev", name, "src", own, "rto_min", "20ms")
    return device


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def is_tcp(packet):
    return len(packet) >= 40 and packet[0] >> 4 == 4 and packet[9] == 6


def reset(packet):
    """What tells the sender of this TCP segment that its connection is gone (RFC 9293 section 3.5.2)."""
    segment = packet[(packet[0] & 15) * 4:]
    source, target, acknowledged = packet[12:16], packet[16:20], segment[8:12]
    tcp = segment[2:4] + segment[0:2] + acknowledged + struct.pack("!IBBHHH", 0, 5 << 4, 0x04, 0, 0, 0)
    tcp = tcp[:16] + struct.pack("!H", checksum(target + source + struct.pack("!BBH", 0, 6, 20) + tcp)) + tcp[18:]
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0x4000, 64, 6, 0, target, source)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + tcp


def carry(ends, draw, rates):
    """Carries packets until the input ends; what happened to how many."""
    lost, doubled, late, cut = rates
    counts = dict.fromkeys(("packets", "lost", "doubled", "late", "cut"), 0)
    waiting, number = [], 0

    def send(to, packet):
        try:
            os.write(to, packet)
        except OSError:
            counts["lost"] += 1  # No room: a line loses what it cannot hold.

    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, to, packet = heapq.heappop(waiting)
            send(to, packet)
        ready, _, _ = select.select([*ends, sys.stdin], [], [], max(0.0, waiting[0][0] - now) if waiting else 1.0)
        if sys.stdin in ready and not os.read(sys.stdin.fileno(), 4096):
            return counts
        for here, there in (ends, ends[::-1]):
            if here not in ready:
                continue
            packet = os.read(here, 65536)
            if not is_tcp(packet):
                send(there, packet)
                continue
            counts["packets"] += 1
            if draw.randrange(1000) < lost:
                counts["lost"] += 1
            # Only who has something to say hears that nobody listens; a first segment carries no acknowledgement.
            elif packet[(packet[0] & 15) * 4 + 13] & 0x10 and draw.randrange(1000) < cut:
                counts["cut"] += 1
                send(here, reset(packet))
            else:
                twice = draw.randrange(1000) < doubled
                counts["doubled"] += twice
                for _ in range(1 + twice):
                    number += 1
                    wait = draw.uniform(0.002, 0.04) if draw.randrange(1000) < late else 0.0
                    counts["late"] += wait > 0
                    heapq.heappush(waiting, (now + wait, number, there, packet))


def main(name, seed, *rates):
    names = (name + "p", name + "g")
    try:
        ends = (end(names[0], "10.77.0.2", "10.77.0.1"), end(names[1], "10.77.0.1", "10.77.0.2"))
    except (OSError, subprocess.CalledProcessError) as fault:
        print("impossible:", getattr(fault, "stderr", None) or fault, flush=True)
        ends = None
    try:
        if ends:
            print("ready", flush=True)
            print(json.dumps(carry(ends, random.Random(int(seed)), [int(rate) for rate in rates])), flush=True)
    finally:
        for made in names:
            subprocess.run(["ip", "netns", "del", made], capture_output=True, check=False)


main(*sys.argv[1:])
