package org.countersign.contract

import org.countersign.bindings.TokenLinkPort

/** A link of the shell's own to an emulated token. */
internal class TokenLink(private val token: EmulatedToken) : TokenLinkPort {
    override fun transmit(command: ByteArray): ByteArray = token.transmit(command)
}
