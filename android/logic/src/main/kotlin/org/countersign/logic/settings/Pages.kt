package org.countersign.logic.settings

import org.countersign.logic.Screen
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.plain

/** Help: what people ask first, in one sentence or two each. */
data class HelpState(val answers: List<Text>) : Screen

fun help() = HelpState(
    listOf(
        Say.phoneSettingsHelpCode,
        Say.phoneSettingsHelpApprove,
        Say.phoneSettingsHelpMove,
        Say.phoneSettingsHelpLost,
    ),
)

/** About: the version, and the licences of what it is made of. */
data class AboutState(val version: Text, val source: Text, val licences: List<Licence>) : Screen

/** A part of another maker, and its licence as its maker names it. */
data class Licence(val part: String, val name: String)

fun about(version: String, licences: List<Licence>) = AboutState(
    Say.phoneSettingsVersion(plain(version)),
    Say.phoneSettingsSource,
    licences.sortedBy { it.part.lowercase() },
)
