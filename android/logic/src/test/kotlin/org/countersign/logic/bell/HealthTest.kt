package org.countersign.logic.bell

import org.countersign.logic.Act
import org.countersign.logic.SettingsPage
import org.countersign.logic.Wish
import org.countersign.logic.support.FakeBells
import org.countersign.logic.support.NOW
import org.countersign.logic.support.NTFY
import org.countersign.logic.support.Screened
import org.countersign.logic.support.WELL
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Test

/** What keeps a sign-in from being told is seen, and said. */
class HealthTest {
    private fun subscribed(stands: Stands) =
        WELL.copy(subscriptions = listOf(Subscription("gate", "token", NTFY.id, null, stands, NOW)))

    @Test
    fun whereAllIsWellNothingIsSaid() {
        assertEquals(emptyList<Missing>(), missing(WELL))
        assertEquals(emptyList<Missing>(), missing(subscribed(Stands.SET)))
        assertNull(bellNotice(WELL))
    }

    @Test
    fun eachHindranceHasItsWordsAndItsWayOut() {
        val cases =
            listOf(
                WELL.copy(mayNotify = false, canAsk = true) to Missing.NotAsked,
                WELL.copy(mayNotify = false) to Missing.NotAllowed,
                WELL.copy(isChannelOn = false) to Missing.ChannelOff,
                WELL.copy(distributors = emptyList(), chosen = null) to Missing.NoDistributor,
                subscribed(Stands.ASKED) to Missing.Silent("ntfy"),
                subscribed(Stands.WAITS) to Missing.Waits("ntfy"),
                subscribed(Stands.FAILED) to Missing.Fails("ntfy"),
                subscribed(Stands.AWAY) to Missing.Fails("ntfy"),
                subscribed(Stands.REFUSED) to Missing.Refused("gate.example.com"),
                WELL.copy(isRestricted = true) to Missing.Restricted,
                WELL.copy(isSaving = true) to Missing.Saver,
            )
        for ((facts, found) in cases) assertEquals(listOf(found), missing(facts))
        val ways = cases.associate { it.second to it.second.mend() }
        assertEquals(Wish.AskToNotify, ways[Missing.NotAsked])
        assertEquals(Wish.OpenSettings(SettingsPage.NOTIFICATIONS), ways[Missing.NotAllowed])
        assertEquals(Wish.OpenSettings(SettingsPage.NOTIFICATIONS), ways[Missing.ChannelOff])
        assertEquals(Wish.OpenSettings(SettingsPage.APP), ways[Missing.Restricted])
        assertEquals(Wish.OpenSettings(SettingsPage.BATTERY), ways[Missing.Saver])
        assertEquals(listOf(Act.ALLOW, Act.SETTINGS), listOf(Missing.NotAsked, Missing.Saver).map { it.notice().act })
        assertNull(Missing.NoDistributor.notice().act)
        assertEquals(Say.phoneBellRefused(plain("gate.example.com")), cases[8].second.notice().text)
        assertEquals("each says something else", 10, cases.map { it.second.notice().text }.toSet().size)
    }

    @Test
    fun severalStandWorstFirstAndARestrictionSaysMoreThanTheSaver() {
        val bad = WELL.copy(mayNotify = false, distributors = emptyList(), isRestricted = true, isSaving = true)
        assertEquals(listOf(Missing.NotAllowed, Missing.NoDistributor, Missing.Restricted), missing(bad))
        assertEquals(Act.BELLS, bellNotice(bad)?.act)
    }

    @Test
    fun whoWantsNoneIsToldNothing() {
        val bad = WELL.copy(mayNotify = false, isRestricted = true)
        assertEquals(emptyList<Missing>(), missing(bad.copy(isOn = false)))
        assertEquals(emptyList<Missing>(), missing(bad.copy(isWanted = false)))
    }

    @Test
    fun elsewhereOnlySilenceIsSaid() {
        assertNull(gravest(WELL.copy(distributors = emptyList(), isSaving = true)))
        assertEquals(Say.phoneBellRestricted, gravest(WELL.copy(isRestricted = true))?.text)
        assertEquals(Say.phoneBellNotAllowed, gravest(WELL.copy(mayNotify = false))?.text)
    }

    @Test
    fun thePageSwitchesChoosesAndMends() {
        val bells =
            FakeBells(WELL.copy(isSaving = true, distributors = listOf(NTFY, Distributor("org.other", "Other"))))
        val screen = Screened(BellsLogic(bells))
        assertEquals(listOf(Missing.Saver), screen.state.missing)
        screen.send(BellsEvent.Mend(Missing.Saver))
        assertEquals(listOf<Wish>(Wish.OpenSettings(SettingsPage.BATTERY)), screen.wished)
        assertEquals("org.other", screen.send(BellsEvent.Choose("org.other")).chosen)
        bells.facts = bells.facts.copy(isSaving = false)
        assertEquals(emptyList<Missing>(), screen.send(BellsEvent.Changed).missing)
        assertEquals(false, screen.send(BellsEvent.Switch(false)).isOn)
    }
}
