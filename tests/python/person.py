"""A person with a phone, at a real gateway."""

import asyncio
import os
import pathlib
import sys
import tempfile
import unittest

import countersign_bindings as cs
from gateway import Gateway, Window, sign_in
from shell import Keystore, Observer

sys.path.append(str(pathlib.Path(__file__).parent.parent / "peer"))
import qr

PHONE = cs.Phone(os=cs.Os.LINUX, model="Python", app="tests 1")


def frame_of(page, scale=5, quiet=4):
    """What a camera sees of the code on a page."""
    dark, side = qr.modules(page)
    width = (side + 2 * quiet) * scale
    pixels = bytearray(b"\xf0" * width * width)
    for x, y in dark:
        for row in range(scale):
            start = ((y + quiet) * scale + row) * width + (x + quiet) * scale
            pixels[start : start + scale] = b"\x10" * scale
    return cs.Frame(pixels=bytes(pixels), width=width, height=width, stride=width, rotation=cs.Rotation.UPRIGHT)


class Phone:
    """A phone with a folder of its own."""

    def __init__(self, test, clock=None):
        self.folder = tempfile.TemporaryDirectory()
        test.addCleanup(self.folder.cleanup)
        self.keystore = Keystore()
        self.observer = Observer()
        self.clock = clock
        self.open()

    def open(self):
        private, shared = (os.path.join(self.folder.name, name) for name in ("private", "shared"))
        for folder in (private, shared):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        self.app = cs.Countersign.open(private, shared, [], self.keystore, self.clock)
        self.app.observe(self.observer)

    def with_vault(self):
        asyncio.run(self.app.create_vault(b"a passphrase", cs.DeviceClass.PHONE, cs.CancelHandle()))
        return self.app


class GatewayCase(unittest.TestCase):
    """Tests at one gateway, which serves for all of them."""

    SETTINGS = ()

    @classmethod
    def setUpClass(cls):
        cls.gateway = Gateway(*cls.SETTINGS)
        cls.addClassCleanup(cls.gateway.close)

    def enrolled(self, name):
        """A phone of a new person, enrolled through the pages."""
        voucher = self.gateway.add(name)
        window = Window(self.gateway)
        sign_in(window, name, "/manageotp")
        window.goto("/manageotp/add?kind=countersign")
        window.submit("/manageotp/add", name="Python", voucher=voucher)
        link = window.words('id="link"').encode()
        phone = Phone(self)
        offer = phone.app.enrol_offer(link)
        self.assertIn(offer.host, self.gateway.url)
        # A frame has its few milliseconds; a camera shows the next one.
        frames = (asyncio.run(phone.app.scan_frame(frame_of(window.page))) for _ in range(50))
        [seen] = next(filter(None, frames))
        self.assertTrue(seen.is_ENROLMENT() and seen.offer == offer)
        self.assertEqual(phone.app.enrol_offer(seen.link), offer)
        self.assertEqual(asyncio.run(phone.app.enrol_name(link, cs.CancelHandle())), "Gateway of the test")
        enrolling = asyncio.run(phone.app.enrol(link, PHONE, cs.CancelHandle()))
        self.assertEqual((enrolling.acct, enrolling.gateway), (name, "Gateway of the test"))
        self.assertTrue(phone.app.gateways()[0].state.is_PENDING())
        window.until("/manageotp/add", lambda: "/manageotp/confirm" in window.page)
        window.submit("/manageotp/confirm", digits=enrolling.digits)
        self.poll(phone)
        self.assertTrue(phone.app.gateways()[0].state.is_ACTIVE())
        self.assertTrue(phone.observer.heard(cs.Topic.GATEWAYS))
        return phone

    def poll(self, phone, wait_s=0):
        return asyncio.run(phone.app.poll(phone.app.gateways()[0].id, wait_s, cs.CancelHandle()))

    def asked(self, phone, name):
        """A sign-in that waits: the window with its digits, and the row on the phone."""
        window = Window(self.gateway)
        sign_in(window, name, "/demo")
        self.poll(phone, 10)
        self.assertTrue(phone.observer.heard(cs.Topic.APPROVALS))
        [row] = phone.app.approvals()
        self.assertTrue(row.can_approve)
        return window, "".join(filter(str.isdigit, window.words('class="figure"'))), row
