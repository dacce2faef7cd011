package org.countersign.logic.bell

import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.SettingsPage
import org.countersign.logic.Tone
import org.countersign.logic.Wish
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain

/** An app that delivers bells, by its package. */
data class Distributor(val id: String, val name: String)

/** What can be seen of bells on this phone. */
data class BellFacts(
    /** Some enrolment wants them. */
    val isWanted: Boolean,
    /** The person wants them. */
    val isOn: Boolean,
    val mayNotify: Boolean,
    /** The phone would ask the person for the permission; else only its settings help. */
    val canAsk: Boolean,
    val isChannelOn: Boolean,
    val distributors: List<Distributor>,
    val chosen: String?,
    val subscriptions: List<Subscription>,
    /** Host and port of each gateway, by its id. */
    val hosts: Map<String, String>,
    /** The person forbade all work in the background. */
    val isRestricted: Boolean,
    /** The battery saver is on, and spares this app no more than others. */
    val isSaving: Boolean,
)

/** What screens ask of bells. */
interface BellCalls {
    fun facts(): BellFacts

    fun switch(on: Boolean)

    /** Has this distributor deliver from now on. */
    fun choose(distributor: String)
}

/** Why a sign-in may be told late, or not at all. */
sealed interface Missing {
    data object NotAllowed : Missing

    data object NotAsked : Missing

    data object ChannelOff : Missing

    data object NoDistributor : Missing

    /** The distributor was asked, and says nothing. */
    data class Silent(val name: String) : Missing

    /** The distributor wants something of the person. */
    data class Waits(val name: String) : Missing

    /** It delivers nothing at the moment. */
    data class Fails(val name: String) : Missing

    /** The gateway doesn't ring there. */
    data class Refused(val host: String) : Missing

    data object Restricted : Missing

    data object Saver : Missing
}

/** All that is missing, worst first; nothing where nobody wants bells. */
fun missing(facts: BellFacts): List<Missing> = if (facts.isWanted && facts.isOn) {
    listOfNotNull(shown(facts)) + delivered(facts) + listOfNotNull(
        Missing.Restricted.takeIf { facts.isRestricted },
        Missing.Saver.takeIf { facts.isSaving && !facts.isRestricted },
    )
} else {
    emptyList()
}

private fun shown(facts: BellFacts): Missing? = when {
    !facts.mayNotify -> if (facts.canAsk) Missing.NotAsked else Missing.NotAllowed
    !facts.isChannelOn -> Missing.ChannelOff
    else -> null
}

private fun delivered(facts: BellFacts): List<Missing> {
    val name = facts.distributors.find { it.id == facts.chosen }?.name ?: return listOf(Missing.NoDistributor)
    val stand = facts.subscriptions.map { it.stands }
    val refused = facts.subscriptions.filter { it.stands == Stands.REFUSED }.mapNotNull { facts.hosts[it.gateway] }
    return listOfNotNull(
        Missing.Silent(name).takeIf { Stands.ASKED in stand },
        Missing.Waits(name).takeIf { Stands.WAITS in stand },
        Missing.Fails(name).takeIf { Stands.FAILED in stand || Stands.AWAY in stand },
    ) + refused.map { Missing.Refused(it) }
}

/** What is missing, in words, and the button beside it. */
fun Missing.notice(): Notice = Notice(words(), act(), tone = Tone.WARN)

private fun Missing.words(): Text = when (this) {
    Missing.NotAllowed -> Say.phoneBellNotAllowed
    Missing.NotAsked -> Say.phoneBellNotAsked
    Missing.ChannelOff -> Say.phoneBellChannelOff
    Missing.NoDistributor -> Say.phoneBellNoDistributor
    is Missing.Silent -> Say.phoneBellSilent(plain(name))
    is Missing.Waits -> Say.phoneBellWaits(plain(name))
    is Missing.Fails -> Say.phoneBellFails(plain(name))
    is Missing.Refused -> Say.phoneBellRefused(plain(host))
    Missing.Restricted -> Say.phoneBellRestricted
    Missing.Saver -> Say.phoneBellSaver
}

private fun Missing.act(): Act? = when (this) {
    Missing.NotAsked -> Act.ALLOW
    else -> Act.SETTINGS.takeIf { mend() != null }
}

/** Where it is mended; none where it isn't this phone's to mend. */
fun Missing.mend(): Wish? = when (this) {
    Missing.NotAsked -> Wish.AskToNotify
    Missing.NotAllowed, Missing.ChannelOff -> Wish.OpenSettings(SettingsPage.NOTIFICATIONS)
    Missing.Restricted -> Wish.OpenSettings(SettingsPage.APP)
    Missing.Saver -> Wish.OpenSettings(SettingsPage.BATTERY)
    Missing.NoDistributor, is Missing.Silent, is Missing.Waits, is Missing.Fails, is Missing.Refused -> null
}

/** The card where this phone is enrolled: the worst of what is missing. */
fun bellNotice(facts: BellFacts): Notice? = missing(facts).firstOrNull()?.leading()

/**
 * The card on a screen that is about something else: what keeps the person from hearing of anything at all. What only makes it late
 * stands on the page of notifications.
 */
fun gravest(facts: BellFacts): Notice? = missing(facts).firstOrNull { it in SILENT }?.leading()

/** It leads to the page where all of it stands. */
private fun Missing.leading() = Notice(words(), Act.BELLS, tone = Tone.WARN)

private val SILENT = setOf(Missing.NotAllowed, Missing.NotAsked, Missing.ChannelOff, Missing.Restricted)
