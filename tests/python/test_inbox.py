"""The notification extension's half of the phone, on bells that a real gateway rang."""

import asyncio
import os
import tempfile
import unittest

import countersign_bindings as cs
from distributor import Distributor
from gateway import Window, sign_in
from person import GatewayCase
from shell import Clock, Keystore


class Inbox(GatewayCase):
    @classmethod
    def setUpClass(cls):
        cls.distributor = Distributor()
        cls.addClassCleanup(cls.distributor.close)
        sub = ("--webpush-sub", "mailto:ops@example.com")
        cls.SETTINGS = ("--outgoing-allow", "127.0.0.1", "--outgoing-roots", cls.distributor.roots, *sub)
        super().setUpClass()

    def extension(self, phone):
        return cs.Inbox.open(os.path.join(phone.folder.name, "shared"), phone.keystore, phone.clock)

    def with_a_bell(self, name):
        """A phone whose bells hang at the distributor."""
        phone = self.enrolled(name)
        gateway = phone.app.gateways()[0].id
        asyncio.run(phone.app.set_endpoint(gateway, self.distributor.endpoint, cs.CancelHandle()))
        self.assertEqual(asyncio.run(phone.app.push_endpoint(gateway)).told, cs.Told.TOLD)
        return phone

    def test_what_a_gateway_rang_is_told_and_left_for_the_app(self):
        phone = self.with_a_bell("mara")
        extension = self.extension(phone)
        sign_in(Window(self.gateway), "mara", "/demo")
        note = extension.bell(self.distributor.rings())
        self.assertTrue(note.is_ASKS(), note)
        self.assertEqual((note.app, note.host), ("Sample application", phone.app.gateways()[0].host))
        self.assertEqual(phone.app.approvals(), [], "the app did not look yet")
        self.assertTrue(asyncio.run(phone.app.take_inbox()))
        self.assertEqual([row.app for row in phone.app.approvals()], [note.app])
        self.assertFalse(asyncio.run(phone.app.take_inbox()), "taken once")

    def test_the_app_opens_the_same_bell(self):
        phone = self.with_a_bell("nina")
        sign_in(Window(self.gateway), "nina", "/demo")
        bell = asyncio.run(phone.app.bell(self.distributor.rings()))
        self.assertTrue(bell.is_ASKS() and bell.approval == phone.app.approvals()[0].id)

    def test_what_does_not_verify_or_is_over_is_no_more_than_waiting(self):
        phone = self.with_a_bell("olaf")
        sign_in(Window(self.gateway), "olaf", "/demo")
        body = self.distributor.rings()
        changed = body[:-1] + bytes([body[-1] ^ 1])
        for body_of_nobody in (b"", b"no bell", changed, body[:100]):
            self.assertTrue(self.extension(phone).bell(body_of_nobody).is_WAITING())
        phone.clock = Clock(4_000_000_000)
        self.assertTrue(self.extension(phone).bell(body).is_WAITING(), "it is long over by this clock")
        self.assertFalse(asyncio.run(phone.app.take_inbox()))

    def test_a_folder_that_no_app_opened_and_keys_of_another_phone_open_nothing(self):
        with tempfile.TemporaryDirectory() as empty, self.assertRaises(cs.CountersignError.Port) as caught:
            cs.Inbox.open(empty, Keystore(), None)
        self.assertEqual(caught.exception.fault, cs.PortFault.UNAVAILABLE)
        phone = self.enrolled("pia")
        phone.keystore = Keystore()
        with self.assertRaises(cs.CountersignError.Port):
            self.extension(phone)


if __name__ == "__main__":
    unittest.main()
