package org.countersign.logic.unlock

import org.countersign.bindings.CountersignException
import org.countersign.bindings.DamagedRow
import org.countersign.bindings.PortFault
import org.countersign.bindings.VaultDamage
import org.countersign.bindings.VaultReport
import org.countersign.logic.Act
import org.countersign.logic.route.Go
import org.countersign.logic.support.FakeVault
import org.countersign.logic.support.Screened
import org.countersign.logic.text.Say
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class DamageTest {
    private val vault = FakeVault()

    private fun screen() = Screened(DamageLogic(vault))

    @Test
    fun eachThingFoundIsToldOnceAndWhereACopyIs() {
        val account = VaultDamage.Account(DamagedRow(7u, 3u, null))
        vault.report = VaultReport(listOf(VaultDamage.Structure, VaultDamage.Structure, account), "/a/copy")
        val texts = listOf(
            Say.errorDamageStructure,
            Say.errorDamageAccount(plain("3")),
            Say.phoneAccountsDamageKept,
        )
        assertEquals(texts, screen().state.found)
        assertEquals(Act.DAMAGE, damageNotice(vault.report)?.act)
        assertEquals(null, damageNotice(VaultReport(emptyList(), null)))
    }

    @Test
    fun eachKindHasItsSentence() {
        val all = listOf(
            VaultDamage.Structure,
            VaultDamage.Header,
            VaultDamage.Summary,
            VaultDamage.Note(1u),
            VaultDamage.RolledBack(1u),
            VaultDamage.Missing(null, 2u),
            VaultDamage.Surplus(1u),
            VaultDamage.Groups,
            VaultDamage.Icons,
            VaultDamage.Tokens,
        )
        val texts = damageTexts(VaultReport(all + VaultDamage.Unexplained, null))
        assertEquals("two of them are one to a person", all.size, texts.size)
        assertTrue(Say.errorDamageMissing(count(2)) in texts)
    }

    @Test
    fun itIsToldUntilItWasRead() {
        vault.report = VaultReport(listOf(VaultDamage.Header), null)
        val screen = screen()
        screen.send(DamageEvent.Back)
        assertEquals("who goes back is told again", 1, vault.report.damage.size)
        vault.fails = CountersignException.Port(PortFault.DISK_FULL)
        assertEquals(Say.errorDiskFull, screen.send(DamageEvent.Seen).notice?.text)
        vault.fails = null
        screen.send(DamageEvent.Seen)
        assertTrue(vault.report.damage.isEmpty())
        assertEquals(listOf<Go>(Go.Back, Go.Back), screen.went)
    }
}
