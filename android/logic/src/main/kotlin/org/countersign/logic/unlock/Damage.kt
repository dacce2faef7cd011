package org.countersign.logic.unlock

import org.countersign.bindings.VaultDamage
import org.countersign.bindings.VaultReport
import org.countersign.logic.Act
import org.countersign.logic.Logic
import org.countersign.logic.Notice
import org.countersign.logic.Screen
import org.countersign.logic.Step
import org.countersign.logic.Tone
import org.countersign.logic.core.VaultCalls
import org.countersign.logic.fault.asking
import org.countersign.logic.route.Go
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.count
import org.countersign.logic.text.plain

/** What the unlock found damaged, a sentence each: told until the person says that they read it. */
data class DamageState(val found: List<Text>, val waits: Boolean, val notice: Notice?) : Screen

sealed interface DamageEvent {
    /** The person has read it. */
    data object Seen : DamageEvent

    data object Accepted : DamageEvent

    data object Back : DamageEvent

    data class Failed(val notice: Notice?) : DamageEvent
}

class DamageLogic(private val vault: VaultCalls) : Logic<DamageState, DamageEvent> {
    override fun begin(): Step<DamageState, DamageEvent> =
        Step(DamageState(damageTexts(vault.vaultReport()), waits = false, notice = null))

    override fun on(state: DamageState, event: DamageEvent): Step<DamageState, DamageEvent> = when (event) {
        DamageEvent.Seen -> seen(state)
        DamageEvent.Accepted, DamageEvent.Back -> Step(state, go = Go.Back)
        is DamageEvent.Failed -> Step(state.copy(waits = false, notice = event.notice))
    }

    private fun seen(state: DamageState): Step<DamageState, DamageEvent> {
        if (state.waits) return Step(state)
        return Step(state.copy(waits = true, notice = null), ask = {
            asking(DamageEvent::Failed) {
                vault.acceptDamage()
                DamageEvent.Accepted
            }
        })
    }
}

/** That something was damaged, where something was, with the way to what it was. */
internal fun damageNotice(report: VaultReport): Notice? =
    Notice(Say.phoneAccountsDamage, Act.DAMAGE, tone = Tone.WARN).takeIf { report.damage.isNotEmpty() }

/** Each sentence once, and where a copy of the damaged file is. */
internal fun damageTexts(report: VaultReport): List<Text> {
    val kept = Say.phoneAccountsDamageKept.takeIf { report.kept != null }
    return (report.damage.map(::damageText) + listOfNotNull(kept)).distinct()
}

private fun damageText(damage: VaultDamage): Text = when (damage) {
    is VaultDamage.Account -> {
        val label = damage.account.label?.run { "$issuer $name".trim() }
        Say.errorDamageAccount(plain(label ?: damage.account.position.toString()))
    }

    is VaultDamage.Missing -> Say.errorDamageMissing(count(damage.count))

    is VaultDamage.Structure -> Say.errorDamageStructure

    is VaultDamage.Header -> Say.errorDamageHeader

    is VaultDamage.Summary, is VaultDamage.Unexplained -> Say.errorDamageUnexplained

    is VaultDamage.Note -> Say.errorDamageNote

    is VaultDamage.RolledBack -> Say.errorDamageRolledBack

    is VaultDamage.Surplus -> Say.errorDamageSurplus

    is VaultDamage.Groups -> Say.errorDamageGroups

    is VaultDamage.Icons -> Say.errorDamageIcons

    is VaultDamage.Tokens -> Say.errorDamageTokens
}
