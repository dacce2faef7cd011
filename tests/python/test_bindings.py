"""The boundary as a shell sees it, from the Python that is generated for it."""

import asyncio
import base64
import os
import pathlib
import tempfile
import time
import unittest

import countersign_bindings as cs
from gateway import Gateway, Window, sign_in
from shell import Clock, Keystore, Observer

PHONE = cs.Phone(os=cs.Os.LINUX, model="Python", app="tests 1")


def account(name, kind, secret=b"12345678901234567890", pin=None):
    return cs.NewAccount(
        issuer="Example", name=name, note="", kind=kind, algorithm=cs.Algorithm.SHA1, digits=8, secret=secret, pin=pin
    )


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


class WithoutGateway(unittest.TestCase):
    def test_a_fresh_phone_lists_nothing(self):
        phone = Phone(self)
        self.assertEqual(phone.app.gateways(), [])
        self.assertEqual(phone.app.approvals(), [])

    def test_the_list_shows_the_codes_of_the_standard_and_the_next_change(self):
        phone = Phone(self)
        self.assertEqual(phone.app.lock_state(), cs.LockState.NO_VAULT)
        asyncio.run(phone.app.create_vault(b"a passphrase", cs.DeviceClass.PHONE, cs.CancelHandle()))
        self.assertTrue(phone.observer.heard(cs.Topic.LOCK))
        asyncio.run(phone.app.add_account(account("time", cs.AccountKind.TOTP(period=30, start=0))))
        counted = asyncio.run(phone.app.add_account(account("count", cs.AccountKind.HOTP(counter=0))))
        self.assertTrue(phone.observer.heard(cs.Topic.ACCOUNTS))
        codes = phone.app.codes(59)
        self.assertEqual([row.account.name for row in codes.rows], ["time", "count"])
        self.assertEqual((codes.rows[0].live.code, codes.rows[0].live.until), ("94287082", 60))
        self.assertEqual((codes.rows[1].live, codes.next_change), (None, 60))
        self.assertIsNone(codes.clock_ahead)
        shown = [asyncio.run(phone.app.next_hotp(counted)) for _ in range(3)]
        self.assertEqual(shown, ["84755224", "94287082", "37359152"])

    def test_codes_of_every_kind_are_those_of_aegis(self):
        phone = Phone(self)
        asyncio.run(phone.app.create_vault(b"a passphrase", cs.DeviceClass.PHONE, cs.CancelHandle()))
        motp, yandex = bytes.fromhex("e3152afee62599c8"), base64.b32decode("6SB2IKNM6OBZPAVBVTOHDKS4FAAAAAAADFUTQMBTRY======")
        steam = base64.b32decode("BASE32SECRET3232")
        for new in [
            account("late", cs.AccountKind.TOTP(period=30, start=1_000_000_000)),
            account("steam", cs.AccountKind.STEAM(), steam),
            account("yandex", cs.AccountKind.YANDEX(), yandex, b"5239"),
            account("motp", cs.AccountKind.M_OTP(), motp, b"1234"),
        ]:
            asyncio.run(phone.app.add_account(new))
        shown = [(1_000_000_059, "94287082"), (30, "YKKK4"), (1641559648, "umozdicq"), (165892298, "e7d8b6")]
        for place, (moment, code) in enumerate(shown):
            self.assertEqual(phone.app.codes(moment).rows[place].live.code, code)
        for wrong in [account("a", cs.AccountKind.YANDEX(), yandex), account("b", cs.AccountKind.M_OTP(), motp, b"!")]:
            with self.assertRaises(cs.CountersignError):
                asyncio.run(phone.app.add_account(wrong))

    def test_a_locked_vault_shows_nothing_and_opens_by_its_passphrase_alone(self):
        phone = Phone(self)
        asyncio.run(phone.app.create_vault(b"a passphrase", cs.DeviceClass.PHONE, cs.CancelHandle()))
        asyncio.run(phone.app.add_account(account("mara", cs.AccountKind.TOTP(period=30, start=0))))
        asyncio.run(phone.app.lock())
        with self.assertRaises(cs.CountersignError.Input) as caught:
            phone.app.codes(0)
        self.assertTrue(caught.exception.fault.is_VAULT_LOCKED())
        with self.assertRaises(cs.CountersignError.Input) as caught:
            asyncio.run(phone.app.unlock(b"another", cs.CancelHandle()))
        self.assertTrue(caught.exception.fault.is_WRONG_PASSPHRASE())
        asyncio.run(phone.app.unlock(b"a passphrase", cs.CancelHandle()))
        self.assertEqual([row.name for row in phone.app.search("exam MARA")], ["mara"])

    def test_an_account_is_edited_where_it_was_asked_to_alone(self):
        phone = Phone(self)
        asyncio.run(phone.app.create_vault(b"a passphrase", cs.DeviceClass.PHONE, cs.CancelHandle()))
        first = asyncio.run(phone.app.add_account(account("mara", cs.AccountKind.TOTP(period=30, start=0))))
        second = asyncio.run(phone.app.add_account(account("olga", cs.AccountKind.HOTP(counter=0))))
        code = phone.app.codes(59).rows[0].live.code
        edit = cs.AccountEdit(issuer="Bank", name=None, note="Branch in Bern")
        asyncio.run(phone.app.edit_account(first, edit))
        rows = {row.account.id: row for row in phone.app.codes(59).rows}
        self.assertEqual([(rows[id].account.issuer, rows[id].account.name) for id in (first, second)], [("Bank", "mara"), ("Example", "olga")])
        self.assertEqual(asyncio.run(phone.app.note(first)), "Branch in Bern")
        self.assertEqual(rows[first].live.code, code, "the seed stays")
        nothing = cs.AccountEdit(issuer=None, name=None, note=None)
        with self.assertRaises(cs.CountersignError.Input) as caught:
            asyncio.run(phone.app.edit_account(4_000_000, nothing))
        self.assertTrue(caught.exception.fault.is_NOT_FOUND())
        with self.assertRaises(cs.CountersignError.Input):
            asyncio.run(phone.app.edit_account(first, cs.AccountEdit(issuer="x" * 5_000, name=None, note=None)))
        self.assertEqual([row.issuer for row in phone.app.search("mara")], ["Bank"], "what is refused changes nothing")

    def test_accounts_are_grouped_listed_deleted_and_brought_back(self):
        phone = Phone(self)
        app = phone.app
        asyncio.run(app.create_vault(b"a passphrase", cs.DeviceClass.PHONE, cs.CancelHandle()))
        other = account("olga", cs.AccountKind.TOTP(period=60, start=0))
        both = asyncio.run(app.add_accounts([account("mara", cs.AccountKind.TOTP(period=30, start=0)), other, other]))
        self.assertEqual([added.is_ADDED() for added in both], [True, True, False])
        mara, olga = both[0].id, both[1].id
        work = asyncio.run(app.add_group("Work"))
        edit = cs.AccountEdit(issuer=None, name=None, note=None, favourite=True, join=[work], tag=["money"])
        asyncio.run(app.edit_accounts([olga], edit))

        def shown(**view):
            all = dict(search="", group=None, tag=None, favourites=False, sort=cs.Sort.MANUAL) | view
            return [row.account.id for row in app.view(cs.View(**all), 59).rows]

        self.assertEqual([shown(), shown(group=work), shown(tag="money"), shown(favourites=True), shown(search="MARA")], [[mara, olga], [olga], [olga], [olga], [mara]])
        asyncio.run(app.move_account(olga, mara))
        self.assertEqual(shown(), [olga, mara])
        window = app.view_window(cs.View(search="", group=None, tag=None, favourites=False, sort=cs.Sort.NAME), 59, 1, 50)
        self.assertEqual(([row.account.id for row in window.rows], window.total), ([olga], 2))
        asyncio.run(app.delete_accounts([olga]))
        self.assertEqual([row.account.id for row in app.bin()], [olga])
        self.assertTrue(app.can_undo_change())
        asyncio.run(app.undo_change())
        asyncio.run(app.delete_accounts([olga]))
        asyncio.run(app.restore_accounts([olga]))
        self.assertEqual([(group.name, tag.name, tag.count) for group, tag in zip(app.groups(), app.tags())], [("Work", "money", 1)])
        with self.assertRaises(cs.CountersignError.Input):
            asyncio.run(app.set_picture([mara], b"no picture"))
        photo = (pathlib.Path(__file__).parent.parent / "fixtures/qr/poor.jpg").read_bytes()
        picture = asyncio.run(app.set_picture([mara], photo))
        self.assertTrue(asyncio.run(app.picture(picture)).startswith(b"\x89PNG"))
        self.assertEqual(app.view(cs.View(search="mara", group=None, tag=None, favourites=False, sort=cs.Sort.MANUAL), 59).rows[0].account.initials, "E")
        self.assertTrue(all(cs.drawn_icon(name).startswith("<svg ") for name in cs.drawn_icons()))
        app.used(mara)
        asyncio.run(app.lock())
        asyncio.run(app.unlock(b"a passphrase", cs.CancelHandle()))
        uses = {row.account.id: row.account.uses for row in app.codes(59).rows}
        self.assertEqual(uses, {mara: 1, olga: 0})

    def test_an_error_says_who_can_act_and_repeats_no_input(self):
        with self.assertRaises(cs.CountersignError.Input) as caught:
            Phone(self).app.enrol_offer(b"https://canary.example/enrol#1.x")
        self.assertNotIn("canary", str(caught.exception))

    def test_an_id_of_nothing_is_not_found(self):
        for id in ("", "x", "AAAAAAAAAAAAAAAAAAAAAA"):
            with self.assertRaises(cs.CountersignError.Input) as caught:
                asyncio.run(Phone(self).app.poll(id, 0, cs.CancelHandle()))
            self.assertTrue(caught.exception.fault.is_NOT_FOUND(), id)


class AtAGateway(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.gateway = Gateway()
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

    def test_a_sign_in_is_approved_by_its_digits_through_a_keystore_written_in_python(self):
        phone = self.enrolled("mara")
        window, digits, row = self.asked(phone, "mara")
        verdict = asyncio.run(phone.app.approve(row.id, digits, cs.CancelHandle()))
        self.assertEqual((verdict.status, verdict.left), (cs.Status.APPROVED, None))
        self.assertEqual((phone.keystore.prompts[-1].account, phone.keystore.prompts[-1].host), ("mara", row.host))
        window.until("/login/wait", lambda: 'action="/login/finish"' in window.page)
        window.submit("/login/finish")
        self.assertEqual(window.path, "/demo")

    def test_what_the_keystore_throws_reaches_the_caller_by_name_alone(self):
        phone = self.enrolled("nina")
        _, digits, row = self.asked(phone, "nina")
        phone.keystore.refuses = True
        with self.assertRaises(cs.CountersignError.Port) as caught:
            asyncio.run(phone.app.approve(row.id, digits, cs.CancelHandle()))
        self.assertEqual(caught.exception.fault, cs.PortFault.USER_REFUSED)
        phone.keystore.refuses, phone.keystore.breaks = False, True
        with self.assertRaises(cs.CountersignError.Port) as caught:
            asyncio.run(phone.app.approve(row.id, digits, cs.CancelHandle()))
        self.assertEqual(caught.exception.fault, cs.PortFault.FAILED)
        self.assertNotIn("words", str(caught.exception))
        phone.keystore.breaks = False
        verdict = asyncio.run(phone.app.deny(row.id, cs.CancelHandle()))
        self.assertEqual(verdict.status, cs.Status.DENIED)

    def test_a_poll_that_waits_is_cancelled_and_stops_nobody_else(self):
        phone = self.enrolled("olaf")
        gateway = phone.app.gateways()[0].id

        async def cancelled():
            cancel = cs.CancelHandle()
            poll = asyncio.create_task(phone.app.poll(gateway, 30, cancel))
            await asyncio.sleep(0.5)
            self.assertFalse(poll.done(), "it waits for news")
            phone.app.gateways()
            start = time.monotonic()
            cancel.cancel()
            with self.assertRaises(cs.CountersignError.Port) as caught:
                await poll
            self.assertEqual(caught.exception.fault, cs.PortFault.CANCELLED)
            return time.monotonic() - start

        # A poll is held for thirty seconds.
        self.assertLess(asyncio.run(cancelled()), 20)

    def test_a_clock_written_in_python_counts_and_one_that_throws_is_the_machines(self):
        phone = self.enrolled("pia")
        far = Clock(int(time.time()) + 365 * 24 * 3600)
        phone.clock = far
        phone.open()
        self.assertTrue(phone.app.gateways()[0].stale, "metadata is past its time a year from now")
        far.time = None
        self.assertFalse(phone.app.gateways()[0].stale)

    def test_an_enrolment_is_forgotten_with_its_keys(self):
        phone = self.enrolled("quin")
        self.assertEqual(len(phone.keystore.list()), 2)
        asyncio.run(phone.app.forget(phone.app.gateways()[0].id))
        self.assertEqual((phone.app.gateways(), phone.keystore.list()), ([], []))


if __name__ == "__main__":
    unittest.main()
