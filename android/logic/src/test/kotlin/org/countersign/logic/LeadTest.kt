package org.countersign.logic

import org.countersign.logic.route.Go
import org.countersign.logic.route.Route
import org.junit.Assert.assertEquals
import org.junit.Test

class LeadTest {
    @Test
    fun whatOnlyTheScreenCanDoAgainLeadsNowhereElse() {
        val nowhere = Act.entries.filter { it.lead() == null }
        assertEquals(listOf(Act.RETRY, Act.CHECK_NETWORK), nowhere)
    }

    @Test
    fun eachOtherLeadsToWhereItIsMended() {
        assertEquals(Lead.Away(Go.To(Route.Gateways)), Act.ENROL_AGAIN.lead())
        assertEquals(Lead.Away(Go.Home), Act.UNLOCK.lead())
        assertEquals(Lead.ToSystem(Wish.OpenSettings(SettingsPage.DATE)), Act.SET_CLOCK.lead())
        assertEquals(Lead.ToSystem(Wish.OpenSettings(SettingsPage.STORAGE)), Act.FREE_SPACE.lead())
        assertEquals(Lead.ToSystem(Wish.OpenSettings(SettingsPage.STORE)), Act.UPDATE.lead())
    }
}
