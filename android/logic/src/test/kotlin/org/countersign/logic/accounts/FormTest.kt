package org.countersign.logic.accounts

import org.countersign.bindings.AccountKind
import org.countersign.bindings.CountersignException
import org.countersign.bindings.GroupRow
import org.countersign.bindings.InputFault
import org.countersign.bindings.PortFault
import org.countersign.logic.Secret
import org.countersign.logic.route.Go
import org.countersign.logic.support.FakeAccounts
import org.countersign.logic.support.Hand
import org.countersign.logic.support.Screened
import org.countersign.logic.support.account
import org.countersign.logic.support.live
import org.countersign.logic.support.secret
import org.countersign.logic.text.Say
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

class FormTest {
    private val accounts = FakeAccounts().also {
        it.groups = listOf(GroupRow(7u, "Work", 1u), GroupRow(8u, "Home", 2u))
    }

    private fun screen(id: ULong? = null) = Screened(FormLogic(id, accounts, Hand()))

    private fun save(key: String? = "gezd gnbv-gy3t qojq ====", pin: String? = null) =
        FormEvent.Save(key?.let(::secret), pin?.let(::secret))

    private val typed = Fields(issuer = " Bank ", name = "mara", tags = "old, , new")

    @Test
    fun anAccountIsTypedIn() {
        val screen = screen()
        screen.send(FormEvent.Typed(typed))
        screen.send(FormEvent.Group(7u, isIn = true))
        screen.send(save())
        val added = accounts.added.single()
        assertEquals("Bank", added.issuer)
        assertEquals(AccountKind.Totp(30u, 0u), added.kind)
        assertArrayEquals("1234567890".toByteArray(), added.secret)
        val edit = accounts.edits.single().second
        assertEquals(listOf(7UL) to listOf("old", "new"), edit.join to edit.tag)
        assertEquals(listOf<Go>(Go.Back), screen.went)
    }

    @Test
    fun whatIsAddedByHalfIsChangedTheNextTime() {
        val screen = screen()
        screen.send(FormEvent.Typed(typed))
        accounts.editFails = CountersignException.Port(PortFault.DISK_FULL)
        val half = screen.send(save())
        assertEquals(Say.errorDiskFull to 1UL, half.notice?.text to half.id)
        accounts.editFails = null
        screen.send(save(key = null))
        assertEquals("there are no two of it", 1, accounts.added.size)
        assertEquals(1UL to listOf("old", "new"), accounts.edits.single().run { first to second.tag })
        assertEquals(listOf<Go>(Go.Back), screen.went)
    }

    /** The groups may be read more slowly than somebody types. */
    @Test
    fun whatWasTypedFirstStays() {
        val screen = screen()
        screen.send(FormEvent.Typed(typed))
        screen.send(FormEvent.Read(Fields(), listOf(GroupChoice(7u, "Work", isIn = false))))
        assertEquals(typed, screen.state.fields)
        assertEquals(listOf("Work"), screen.state.groups.map { it.name })
    }

    @Test
    fun faultsAreSaidWhereTheyAreMended() {
        val screen = screen()
        val wrong = Fields(digits = "4", period = "0")
        screen.send(FormEvent.Typed(wrong))
        val faults = screen.send(save(key = "0189")).faults
        assertTrue("what is wrong is unfolded", screen.state.showsMore)
        assertEquals(setOf(Field.ISSUER, Field.KEY, Field.DIGITS, Field.PERIOD), faults.keys)
        screen.send(FormEvent.Typed(wrong.copy(kind = Kind.COUNTED, counter = "x")))
        assertTrue(screen.state.faults.isEmpty())
        assertTrue(Field.COUNTER in screen.send(save(key = null)).faults)
        assertTrue(accounts.added.isEmpty())
    }

    @Test
    fun kindsWithAPinWantItAndTheOthersDoNot() {
        val screen = screen()
        screen.send(FormEvent.Typed(typed.copy(kind = Kind.MOTP)))
        val faults = screen.send(save(key = "xyz")).faults
        assertEquals(mapOf(Field.KEY to Say.tuiFormKeyWrongMotp, Field.PIN to Say.phoneFormPin), faults)
        screen.send(save(key = "0a0B", pin = "1234"))
        val added = accounts.added.single()
        assertEquals(AccountKind.MOtp, added.kind)
        assertArrayEquals(byteArrayOf(0x0a, 0x0b), added.secret)
        assertArrayEquals("1234".toByteArray(), added.pin)
        listOf(Kind.STEAM to AccountKind.Steam, Kind.YANDEX to AccountKind.Yandex).forEach { (kind, core) ->
            screen.send(FormEvent.Typed(typed.copy(kind = kind)))
            screen.send(save(pin = "1234"))
            assertEquals(core, accounts.added.last().kind)
        }
        screen.send(FormEvent.Typed(typed.copy(kind = Kind.COUNTED, counter = "9")))
        screen.send(save(pin = "1234"))
        assertEquals(AccountKind.Hotp(9u), accounts.added.last().kind)
        assertEquals(null, accounts.added.last().pin)
    }

    @Test
    fun anAccountIsChangedByWhatDiffers() {
        accounts.rows = listOf(live(account(1u, groups = listOf(7u))))
        accounts.note = "words"
        val screen = screen(1u)
        assertEquals(Fields("Example", "mara", "words"), screen.state.fields)
        assertEquals(listOf(true, false), screen.state.groups.map { it.isIn })
        screen.send(FormEvent.Typed(screen.state.fields.copy(name = "other", tags = "new")))
        screen.send(FormEvent.Group(7u, isIn = false))
        screen.send(FormEvent.Group(8u, isIn = true))
        screen.send(save(key = null))
        val edit = accounts.edits.single().second
        assertEquals(listOf("Example", "other", "words"), listOf(edit.issuer, edit.name, edit.note))
        assertEquals(listOf(listOf(8UL), listOf(7UL)), listOf(edit.join, edit.leave))
        assertTrue(accounts.added.isEmpty())
    }

    @Test
    fun aGroupIsMadeOnTheWay() {
        val screen = screen()
        screen.send(FormEvent.NewGroup("  "))
        val groups = screen.send(FormEvent.NewGroup(" New ")).groups
        assertEquals(GroupChoice(3u, "New", isIn = true), groups.last())
    }

    @Test
    fun whatWasTypedIsNotLostByOneTouch() {
        val screen = screen()
        screen.send(FormEvent.Typed(typed))
        assertTrue(screen.send(FormEvent.Leave).asksLeave)
        assertFalse(screen.send(FormEvent.Leaving(sure = false)).asksLeave)
        assertTrue(screen.went.isEmpty())
        screen.send(FormEvent.Leaving(sure = true))
        screen().send(FormEvent.Leave)
        assertEquals(listOf<Go>(Go.Back), screen.went)
        assertTrue(screen.send(FormEvent.More).showsMore)
    }

    @Test
    fun whatCoreRefusesIsSaid() {
        val screen = screen()
        screen.send(FormEvent.Typed(typed))
        accounts.fails = CountersignException.Input(InputFault.Duplicate(1u))
        val after = screen.send(save())
        assertEquals(Say.errorDuplicate, after.notice?.text)
        assertFalse(after.waits)
        assertFalse(FormEvent.Save(Secret("GEZD".toByteArray()), null).toString().contains("GEZD"))
    }
}
