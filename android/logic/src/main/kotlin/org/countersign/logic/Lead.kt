package org.countersign.logic

import org.countersign.logic.route.Go
import org.countersign.logic.route.Route

/** Where the button of a notice leads when its screen has nothing of its own for it. */
sealed interface Lead {
    data class Away(val go: Go) : Lead

    data class ToSystem(val wish: Wish) : Lead
}

/** None for what only the screen itself can do again. */
fun Act.lead(): Lead? = when (this) {
    Act.RETRY, Act.CHECK_NETWORK -> null
    Act.UNLOCK -> Lead.Away(Go.Home)
    Act.ENROL_AGAIN -> Lead.Away(Go.To(Route.Gateways))
    Act.BELLS -> Lead.Away(Go.To(Route.Bells))
    Act.DAMAGE -> Lead.Away(Go.To(Route.Damage))
    Act.SCREEN_LOCK -> opens(SettingsPage.SCREEN_LOCK)
    Act.SET_CLOCK -> opens(SettingsPage.DATE)
    Act.FREE_SPACE -> opens(SettingsPage.STORAGE)
    Act.UPDATE -> opens(SettingsPage.STORE)
    Act.SETTINGS -> opens(SettingsPage.APP)
    Act.ALLOW -> Lead.ToSystem(Wish.AskToNotify)
}

/** What the act comes to on a screen that goes on as it is. */
fun <S : Screen, E : Any> Act.step(state: S): Step<S, E> = when (val lead = lead()) {
    is Lead.Away -> Step(state, go = lead.go)
    is Lead.ToSystem -> Step(state, wish = lead.wish)
    null -> Step(state)
}

private fun opens(page: SettingsPage) = Lead.ToSystem(Wish.OpenSettings(page))
