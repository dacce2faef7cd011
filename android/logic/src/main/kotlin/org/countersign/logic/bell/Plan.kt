package org.countersign.logic.bell

import org.countersign.bindings.PushEndpoint
import org.countersign.bindings.Told

/** An enrolment that wants bells, and what the core has of them. */
class Wanted(val gateway: String, val push: PushEndpoint)

/** What is to be done so that each enrolment has bells, and no other. */
sealed interface Errand {
    /** Asks a distributor for an endpoint. */
    data class Register(val subscription: Subscription) : Errand

    /** Ends a subscription there. It prints no token. */
    class Unregister(val distributor: String, val token: String) : Errand

    /** Tells a gateway that nothing rings any more. */
    data class EndBells(val gateway: String) : Errand
}

/** What is subscribed from now on, and what is to be done for it. */
class Plan(val kept: List<Subscription>, val errands: List<Errand>)

private const val MINUTE_S = 60UL
private const val LATER_S = 600UL
private const val HOUR_S = 3_600UL
private const val DAY_S = 86_400UL

/**
 * Which distributor rings: the one that the person [liked], else the one that does so already, else the first by name; none where
 * there is none. One that was removed from the phone is not among the [installed].
 */
fun chosen(installed: List<Distributor>, liked: String?, kept: List<Subscription>): String? {
    val there = installed.map { it.id }
    return liked?.takeIf { it in there }
        ?: kept.map { it.distributor }.firstOrNull { it in there }
        ?: installed.minByOrNull { it.name.lowercase() }?.id
}

/** Subscribes each of [wanted] with [distributor], none without one, and ends what nobody wants any more. */
fun plan(wanted: List<Wanted>, kept: List<Subscription>, distributor: String?, now: ULong, token: () -> String): Plan {
    val (next, errands) = mutableListOf<Subscription>() to mutableListOf<Errand>()
    for (old in kept.filter { old -> wanted.none { it.gateway == old.gateway } }) errands += old.end()
    for (want in wanted) {
        val old = kept.find { it.gateway == want.gateway }
        when {
            distributor == null -> {
                old?.let { errands += it.end() }
                if (want.push.endpoint != null) errands += Errand.EndBells(want.gateway)
            }

            old == null || isAnother(old, want.push, distributor) -> {
                val first = Subscription(want.gateway, token(), distributor, want.push.vapid, Stands.ASKED, now)
                next += first
                errands += listOfNotNull(old?.end(), Errand.Register(first))
            }

            else -> {
                val stands = old.told(want.push)
                val again = stands.takeIf { now >= it.asked + pause(it, want.push) }?.again(now, token)
                next += again ?: stands
                again?.let { errands += Errand.Register(it) }
            }
        }
    }
    return Plan(next, errands)
}

private fun Subscription.end() = Errand.Unregister(distributor, token)

/** It rings elsewhere, or for another key: a subscription of its own takes its place. */
private fun isAnother(old: Subscription, push: PushEndpoint, distributor: String): Boolean {
    val isOfOldKey = old.stands == Stands.SET && push.subscribeAnew
    return old.distributor != distributor || old.vapid != push.vapid || isOfOldKey
}

/** What the gateway said of the endpoint meanwhile. */
private fun Subscription.told(push: PushEndpoint): Subscription = when {
    stands == Stands.SET && push.told == Told.REFUSED -> copy(stands = Stands.REFUSED)
    stands == Stands.REFUSED && push.told == Told.TOLD -> copy(stands = Stands.SET)
    else -> this
}

/** How long until a distributor is asked again, in seconds. It may have lost what it knew: once a day it is asked anyway. */
private fun pause(subscription: Subscription, push: PushEndpoint): ULong = when (subscription.stands) {
    Stands.ASKED -> MINUTE_S
    Stands.WAITS, Stands.FAILED -> LATER_S
    Stands.AWAY -> HOUR_S
    Stands.SET -> if (push.endpoint == null) 0UL else DAY_S
    Stands.REFUSED -> DAY_S
}

/** The same question again changes nothing; after a failure it wants a token that was never used. */
private fun Subscription.again(now: ULong, token: () -> String): Subscription = when (stands) {
    Stands.WAITS, Stands.FAILED -> copy(token = token(), stands = Stands.ASKED, asked = now)
    else -> copy(asked = now)
}
