"""The boundary as a shell sees it, from the Python that is generated for it."""

import asyncio
import base64
import hmac
import pathlib
import time
import unittest

import countersign_bindings as cs
from person import GatewayCase, Phone
from shell import Clock

TESTS = pathlib.Path(__file__).parent.parent


def account(name, kind, secret=b"12345678901234567890", pin=None):
    return cs.NewAccount(
        issuer="Example", name=name, note="", kind=kind, algorithm=cs.Algorithm.SHA1, digits=8, secret=secret, pin=pin
    )


def all_are(rows, state):
    """Whether there are rows, and each is of this state."""
    return bool(rows) and all(getattr(row.state, f"is_{state}")() for row in rows)


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

    def test_codes_of_every_hash_are_those_of_hashlib(self):
        app = Phone(self).with_vault()
        hashes = [hash for hash in cs.Algorithm if hash != cs.Algorithm.MD5]
        for hash in hashes:
            new = account(hash.name, cs.AccountKind.TOTP(period=30, start=0))
            new.algorithm = hash
            asyncio.run(app.add_account(new))
        rows = app.codes(59).rows
        self.assertEqual([row.account.algorithm for row in rows], hashes)
        for row in rows:
            mac = hmac.new(b"12345678901234567890", (1).to_bytes(8, "big"), row.account.name.lower()).digest()
            number = int.from_bytes(mac[mac[-1] & 15 :][:4], "big") % 2**31
            self.assertEqual(row.live.code, f"{number % 10**8:08}", row.account.name)

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
            return [row.account.id for row in app.view(cs.AccountQuery(**all), 59).rows]

        self.assertEqual([shown(), shown(group=work), shown(tag="money"), shown(favourites=True), shown(search="MARA")], [[mara, olga], [olga], [olga], [olga], [mara]])
        asyncio.run(app.move_account(olga, mara))
        self.assertEqual(shown(), [olga, mara])
        window = app.view_window(cs.AccountQuery(search="", group=None, tag=None, favourites=False, sort=cs.Sort.NAME), 59, 1, 50)
        self.assertEqual(([row.account.id for row in window.rows], window.total), ([olga], 2))
        asyncio.run(app.delete_accounts([olga]))
        self.assertEqual([row.account.id for row in app.bin()], [olga])
        self.assertTrue(app.can_undo_change())
        [changed] = app.last_change()
        self.assertEqual((changed.before.deleted, changed.now.deleted is None, changed.note), (None, False, None))
        asyncio.run(app.undo_change())
        step = app.last_step()
        self.assertEqual(([row.now.id for row in step.accounts], step.hindered), ([olga], None), "the move before it is next")
        asyncio.run(app.delete_accounts([olga]))
        asyncio.run(app.restore_accounts([olga]))
        step = app.last_step()
        self.assertIsNotNone(step.hindered, "it came back by itself")
        asyncio.run(app.let_stand(step.number))
        asyncio.run(app.undo_step(app.last_step().number))
        self.assertEqual(shown(), [mara, olga])
        self.assertFalse(asyncio.run(app.move_account(olga, None)), "it stands there already")
        self.assertEqual([(group.name, tag.name, tag.count) for group, tag in zip(app.groups(), app.tags())], [("Work", "money", 1)])
        with self.assertRaises(cs.CountersignError.Input):
            asyncio.run(app.set_picture([mara], b"no picture"))
        photo = (pathlib.Path(__file__).parent.parent / "fixtures/qr/poor.jpg").read_bytes()
        picture = asyncio.run(app.set_picture([mara], photo))
        self.assertEqual(asyncio.run(app.keep_picture(photo)), picture, "kept once")
        self.assertTrue(asyncio.run(app.picture(picture)).startswith(b"\x89PNG"))
        self.assertEqual(app.view(cs.AccountQuery(search="mara", group=None, tag=None, favourites=False, sort=cs.Sort.MANUAL), 59).rows[0].account.initials, "E")
        self.assertTrue(all(cs.drawn_icon(name).startswith("<svg ") for name in cs.drawn_icons()))
        app.used(mara)
        asyncio.run(app.lock())
        asyncio.run(app.unlock(b"a passphrase", cs.CancelHandle()))
        uses = {row.account.id: row.account.uses for row in app.codes(59).rows}
        self.assertEqual(uses, {mara: 1, olga: 0})

    def test_what_is_scanned_is_named_and_an_account_is_added_as_it_was_read(self):
        app = Phone(self).with_vault()
        seen = app.scan_text(b"otpauth://totp/Bank:mara?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8&issuer=Other")
        self.assertTrue(seen.is_ACCOUNT())
        self.assertEqual((seen.account.issuer, seen.account.note), ("Other", "Bank"))
        self.assertTrue(seen.repairs[0].is_TWO_ISSUERS())
        self.assertEqual((seen.repairs[0].kept, seen.repairs[0].other), ("Other", "Bank"))
        self.assertTrue(asyncio.run(app.known_accounts([seen.account, seen.account]))[1].is_TWICE())
        id = asyncio.run(app.add_account(seen.account))
        self.assertEqual(app.codes(59).rows[0].live.code, "94287082")
        [known] = asyncio.run(app.known_accounts([seen.account]))
        self.assertEqual((known.is_THERE(), known.id), (True, id))
        for text, name in ((b"WIFI:S:home;;", "WIFI"), (b"LPA:1$a$b", "SIM"), (b"\xff\xfe", "TEXT"), (b"", "EMPTY")):
            self.assertTrue(getattr(app.scan_text(text).what, f"is_{name}")(), text)
        self.assertEqual(app.scan_text(b"https://example.com/x").what.host, "example.com")
        self.assertEqual(app.scan_text(b"tiqrauth://a@b/c").what.name, "tiqr")
        self.assertTrue(app.scan_text(b"https://gate.example.com/approve#1.AAAA").is_LOGIN())
        self.assertIn("secret", app.scan_text(b"otpauth://totp/x?secret=!").why)
        with self.assertRaises(cs.CountersignError.Input):
            asyncio.run(app.scan_picture(b"no picture"))
        narrow = cs.Frame(pixels=bytes(100), width=10, height=10, stride=9, rotation=cs.Rotation.HALF)
        with self.assertRaises(cs.CountersignError.Input) as caught:
            asyncio.run(app.scan_frame(narrow))
        self.assertEqual(caught.exception.fault.field, "picture")

    def test_accounts_go_from_phone_to_phone_by_a_transfer_and_by_a_link(self):
        app = Phone(self).with_vault()
        names = [f"mara{n}" for n in range(12)]
        all = [account(name, cs.AccountKind.HOTP(counter=n), secret=bytes([n + 1]) * 20) for n, name in enumerate(names)]
        slow = account("slow", cs.AccountKind.TOTP(period=60, start=0))
        ids = [added.id for added in asyncio.run(app.add_accounts([*(cs.NewAccount(**vars(one) | {"digits": 6}) for one in all), slow]))]
        with self.assertRaises(cs.CountersignError.Input) as caught:
            asyncio.run(app.prove(b"another", cs.CancelHandle()))
        self.assertTrue(caught.exception.fault.is_WRONG_PASSPHRASE())
        fresh = asyncio.run(app.prove(b"a passphrase", cs.CancelHandle()))
        out = asyncio.run(app.export_transfer(ids, fresh))
        self.assertEqual(([row.name for row in out.held], [left.account.name for left in out.left]), (names, ["slow"]))
        self.assertEqual((out.left[0].why.is_PERIOD(), out.left[0].why.seconds), (True, 60))
        link = asyncio.run(app.export_link(ids[-1], fresh))
        asyncio.run(app.lock())
        with self.assertRaises(cs.CountersignError.Input) as caught:
            asyncio.run(app.export_link(ids[0], fresh))
        self.assertTrue(caught.exception.fault.is_VAULT_LOCKED())

        other = Phone(self).with_vault()
        transfer = cs.Transfer()
        parts = [other.scan_text(text).part for text in out.links]
        self.assertGreater(len(parts), 1)
        self.assertTrue(transfer.add(parts[-1]).is_ACCOUNTS() and transfer.add(parts[-1]).is_NOTHING())
        progress = transfer.progress()
        self.assertEqual((progress.parts, progress.is_whole), ([False] * (len(parts) - 1) + [True], False))
        with self.assertRaises(cs.CountersignError.Input) as caught:
            asyncio.run(other.import_transfer(transfer, False))
        self.assertTrue(caught.exception.fault.is_UNFINISHED())
        for part in parts[:-1]:
            transfer.add(part)
        self.assertTrue(all_are(asyncio.run(other.transfer_rows(transfer)), "NEW"))
        self.assertTrue(all_are(asyncio.run(other.import_transfer(transfer, False)), "ADDED"))
        self.assertTrue(all_are(asyncio.run(other.transfer_rows(transfer)), "THERE"))
        asyncio.run(other.add_account(other.scan_text(link).account))
        self.assertEqual([row.account.name for row in other.codes(59).rows], [*names, "slow"])

    def test_an_icon_pack_is_kept_and_its_icons_are_given_to_accounts(self):
        app = Phone(self).with_vault()
        mara = asyncio.run(app.add_account(account("mara", cs.AccountKind.TOTP(period=30, start=0))))
        pack = asyncio.run(app.add_icon_pack((TESTS / "fixtures/icons/small.zip").read_bytes()))
        self.assertEqual((pack.name, pack.version, pack.icons, pack.left_out), ("Small Pack", 3, 3, 1))
        self.assertEqual(asyncio.run(app.icon_packs()), [pack])
        self.assertEqual([icon.name for icon in asyncio.run(app.find_icons("code lab"))], ["GitLab"])
        [best] = asyncio.run(app.icons_for("GITHUB"))
        self.assertEqual((best.icon.name, best.fit), ("GitHub", cs.IconFit.WHOLE))
        png = asyncio.run(app.pack_icon(best.icon))
        chosen = asyncio.run(app.set_pack_icon([mara], best.icon))
        asyncio.run(app.remove_icon_pack(pack.id))
        self.assertEqual(asyncio.run(app.picture(chosen)), png, "it stays without the pack")
        self.assertEqual(app.codes(59).rows[0].account.details.icon.id, chosen)
        for call in (app.pack_icon(best.icon), app.remove_icon_pack(pack.id), app.remove_icon_pack("no id")):
            with self.assertRaises(cs.CountersignError.Input) as caught:
                asyncio.run(call)
            self.assertTrue(caught.exception.fault.is_NOT_FOUND())
        with self.assertRaises(cs.CountersignError.Input):
            asyncio.run(app.add_icon_pack(b"no pack"))

    def test_ways_in_are_added_named_and_taken_back_and_the_rule_of_locking_is_kept(self):
        app = Phone(self).with_vault()
        self.assertEqual((app.vault_report().damage, app.vault_report().kept), ([], None))
        asyncio.run(app.accept_damage())
        second = asyncio.run(app.add_passphrase(b"another", "Jo", cs.DeviceClass.PHONE, cs.CancelHandle()))
        sheet = asyncio.run(app.add_sheet("drawer"))
        asyncio.run(app.name_slot(second, "Jo's"))
        slots = asyncio.run(app.slots())
        self.assertEqual([slot.name for slot in slots], ["", "Jo's", "drawer"])
        self.assertTrue(slots[1].kind.is_PASSPHRASE() and slots[2].kind.is_SHEET())
        asyncio.run(app.remove_slot(second))
        asyncio.run(app.set_auto_lock(cs.AutoLock(after_s=60, on_leave=True, on_screen_off=False)))
        self.assertEqual(asyncio.run(app.auto_lock()).after_s, 60)
        self.assertLessEqual(asyncio.run(app.lock_due()), 60_000)
        self.assertFalse(asyncio.run(app.screen_off()))
        self.assertTrue(asyncio.run(app.left()))
        self.assertEqual(app.lock_state(), cs.LockState.LOCKED)
        with self.assertRaises(cs.CountersignError.Input):
            asyncio.run(app.unlock(b"another", cs.CancelHandle()))
        self.assertTrue(app.scan_text(sheet.qr.encode()).what.is_SHEET())
        asyncio.run(app.unlock_by_sheet("\n".join(sheet.lines).encode(), cs.CancelHandle()))
        asyncio.run(app.replace_passphrase(sheet.qr.encode(), b"new", cs.DeviceClass.PHONE, cs.CancelHandle()))
        asyncio.run(app.lock())
        asyncio.run(app.unlock(b"new", cs.CancelHandle()))

    def test_a_decoy_is_set_up_shown_and_ended(self):
        app = Phone(self).with_vault()
        mara = asyncio.run(app.add_account(account("mara", cs.AccountKind.TOTP(period=30, start=0))))
        asyncio.run(app.add_account(account("bank", cs.AccountKind.TOTP(period=60, start=0))))
        phone, cancel = cs.DeviceClass.PHONE, cs.CancelHandle()
        asyncio.run(app.set_up_decoy(b"a passphrase", b"a decoy", [mara], phone, cancel))
        for passphrase, names in [(b"a decoy", ["mara"]), (b"a passphrase", ["mara", "bank"])]:
            asyncio.run(app.lock())
            asyncio.run(app.unlock(passphrase, cancel))
            self.assertEqual([row.account.name for row in app.codes(59).rows], names)
            self.assertEqual(asyncio.run(app.has_decoy()), len(names) == 2)
        asyncio.run(app.end_decoy(b"a passphrase", phone, cancel))
        self.assertFalse(asyncio.run(app.has_decoy()))
        self.assertEqual(len(app.codes(59).rows), 2)

    def test_an_error_says_who_can_act_and_repeats_no_input(self):
        with self.assertRaises(cs.CountersignError.Input) as caught:
            Phone(self).app.enrol_offer(b"https://canary.example/enrol#1.x")
        self.assertNotIn("canary", str(caught.exception))

    def test_an_id_of_nothing_is_not_found(self):
        for id in ("", "x", "AAAAAAAAAAAAAAAAAAAAAA"):
            with self.assertRaises(cs.CountersignError.Input) as caught:
                asyncio.run(Phone(self).app.poll(id, 0, cs.CancelHandle()))
            self.assertTrue(caught.exception.fault.is_NOT_FOUND(), id)


class AtAGateway(GatewayCase):
    def test_a_sign_in_is_approved_by_its_digits_through_a_keystore_written_in_python(self):
        phone = self.enrolled("mara")
        window, digits, row = self.asked(phone, "mara")
        verdict = asyncio.run(phone.app.approve(row.id, digits, cs.CancelHandle()))
        self.assertEqual((verdict.status, verdict.left), (cs.Status.APPROVED, None))
        self.assertEqual((phone.keystore.prompts[-1].account, phone.keystore.prompts[-1].host), ("mara", row.host))
        window.until("/login/wait", lambda: "data-finish" in window.page)
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

    def test_what_is_over_bells_keys_and_leaving_go_through_and_a_move_as_the_gateway_allows(self):
        phone = self.enrolled("rosa")
        app, gateway = phone.app, phone.app.gateways()[0].id
        _, _, row = self.asked(phone, "rosa")
        asyncio.run(app.deny(row.id, cs.CancelHandle()))
        [past] = [past for past in asyncio.run(app.history()) if past.id == row.id]
        self.assertTrue(past.end.is_DECIDED() and past.end.status == cs.Status.DENIED)
        with self.assertRaises(cs.CountersignError.Input) as caught:
            asyncio.run(app.dismiss(row.id))
        self.assertTrue(caught.exception.fault.is_WRONG_KIND(), "it asked: it is no notice")
        self.assertTrue(asyncio.run(app.bell(b"no bell")).is_WAITING())
        self.assertIsNotNone(asyncio.run(app.poll_for_bell(gateway, cs.CancelHandle())).next_in_ms)
        self.assertIsNone(asyncio.run(app.push_endpoint(gateway)).endpoint)
        with self.assertRaises(cs.CountersignError.Input):
            asyncio.run(app.set_endpoint(gateway, "http://ring.example.com", cs.CancelHandle()))
        with self.assertRaises(cs.CountersignError.Input):
            app.offline_code(b"no code of a page")
        keys = set(phone.keystore.list())
        asyncio.run(app.rotate_keys(gateway, cs.KeyClass.PK, cs.CancelHandle()))
        self.assertEqual(len(set(phone.keystore.list()) - keys), 1)
        self.assertIsNone(asyncio.run(app.moving(gateway)))
        with self.assertRaises(cs.CountersignError.Gateway) as caught:
            asyncio.run(app.invite(gateway, False, cs.CancelHandle()))
        self.assertTrue(caught.exception.fault.is_POLICY(), "no move is allowed here")
        asyncio.run(app.leave(gateway, cs.CancelHandle()))
        self.assertEqual((app.gateways(), app.damaged_enrolments(), phone.keystore.list()), ([], [], []))


if __name__ == "__main__":
    unittest.main()
