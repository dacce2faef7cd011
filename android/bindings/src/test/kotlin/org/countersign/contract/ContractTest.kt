package org.countersign.contract

import org.countersign.bindings.CancelHandle
import org.countersign.bindings.ClockPort
import org.countersign.bindings.Guard
import org.countersign.bindings.KeystorePort
import org.countersign.bindings.LinkException
import org.countersign.bindings.ObserverPort
import org.countersign.bindings.TokenLinkPort
import org.countersign.bindings.Topic
import org.countersign.support.MemoryKeystore
import org.countersign.support.MemoryObserver
import org.countersign.support.StillClock
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test

private const val NOW = 1_700_000_000uL

/** The suites of core, each on a port written here, and on a broken one that it must refuse. */
class ContractTest {
    private fun refuses(rule: String, suite: () -> Unit) {
        val broken = assertThrows(ContractException.Broken::class.java, suite)
        assertTrue(broken.rule, broken.rule.contains(rule))
    }

    @Test
    fun aKeystore() = checkKeystore(MemoryKeystore())

    @Test
    fun aKeystoreWithOneWrappingKeyIsRefused() = refuses("opens nothing of the other") {
        val keys = MemoryKeystore()
        checkKeystore(
            object : KeystorePort by keys {
                override fun wrap(under: Guard, secret: ByteArray, cancel: CancelHandle) =
                    keys.wrap(Guard.DEVICE, secret, cancel)

                override fun unwrap(under: Guard, sealed: ByteArray, cancel: CancelHandle) =
                    keys.unwrap(Guard.DEVICE, sealed, cancel)
            },
        )
    }

    @Test
    fun aKeystoreThatIsDeafToACancelIsRefused() = refuses("cancelled") {
        val keys = MemoryKeystore()
        checkKeystore(
            object : KeystorePort by keys {
                override fun signApproval(
                    name: String,
                    prompt: org.countersign.bindings.Prompt,
                    input: ByteArray,
                    cancel: CancelHandle,
                ) = keys.signApproval(name, prompt, input, CancelHandle())
            },
        )
    }

    @Test
    fun aClock() = checkClock(StillClock(NOW))

    @Test
    fun aClockInMillisecondsIsRefused() = refuses("in seconds") { checkClock(StillClock(NOW * 1000u)) }

    @Test
    fun aClockThatThrowsIsTheMachines() = checkClock(
        object : ClockPort {
            override fun now(): ULong = error("no clock")
        },
    )

    private class Ear(private val observer: MemoryObserver) : Hearing {
        override fun heard(): List<Topic> = observer.heard()
    }

    @Test
    fun anObserver() = MemoryObserver().let { checkObserver(it, Ear(it)) }

    @Test
    fun anObserverThatMissesATopicIsRefused() = refuses("Lock is heard") {
        val observer = MemoryObserver()
        val deaf = object : ObserverPort {
            override fun changed(topic: Topic) {
                if (topic != Topic.LOCK) observer.changed(topic)
            }
        }
        checkObserver(deaf, Ear(observer))
    }

    private val token = EmulatedToken.securityKey(serial = 7u, now = NOW)

    @Test
    fun aLinkToAToken() = checkLink(TokenLink(token), token)

    @Test
    fun aLinkThatTakesALostTokenForARefusalIsRefused() = refuses("that is gone") {
        val refusal = byteArrayOf(0x6F, 0)
        checkLink(AnsweringLink { runCatching { token.transmit(it) }.getOrDefault(refusal) }, token)
    }

    @Test
    fun aLinkThatTakesARefusalForAFailureIsRefused() = refuses("a refusal is an answer") {
        val link = AnsweringLink { command ->
            token.transmit(command).also { if (it.size == 2) throw LinkException.Lost() }
        }
        checkLink(link, token)
    }

    private class AnsweringLink(private val answer: (ByteArray) -> ByteArray) : TokenLinkPort {
        override fun transmit(command: ByteArray): ByteArray = answer(command)
    }
}
