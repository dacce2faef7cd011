package org.countersign.logic.fault

import org.countersign.bindings.GatewayFault
import org.countersign.logic.Act
import org.countersign.logic.Notice
import org.countersign.logic.Tone
import org.countersign.logic.text.Say
import org.countersign.logic.text.Text
import org.countersign.logic.text.count
import org.countersign.logic.text.span

/** The gateway answered, and what it answered ends the call. */
fun gatewayNotice(fault: GatewayFault): Notice = when (fault) {
    is GatewayFault.Status, is GatewayFault.Malformed -> Notice(Say.errorBadAnswer)
    is GatewayFault.ForeignCode -> Notice(Say.errorForeignCode)
    is GatewayFault.Clock -> Notice(Say.phoneClockFar, Act.SET_CLOCK)
    is GatewayFault.CodeUsed -> Notice(Say.errorCodeUsed, tone = Tone.DANGER)
    is GatewayFault.CodeExpired -> Notice(Say.errorCodeExpired)
    is GatewayFault.ForeignReceipt -> Notice(Say.errorForeignReceipt, tone = Tone.DANGER)
    is GatewayFault.Policy -> Notice(policyText(fault.why))
    is GatewayFault.WrongDigits -> Notice(wrongDigits(fault.left, Say::errorWrongMove, Say.errorWrongMoveLast))
    is GatewayFault.NoAnswerCodes -> Notice(Say.errorNoAnswerCodes)
    is GatewayFault.Version -> Notice(Say.errorVersion, Act.UPDATE)
    is GatewayFault.DeviceRefused -> Notice(Say.errorDeviceRefused, Act.ENROL_AGAIN)
    is GatewayFault.Gone -> Notice(Say.errorGone, Act.ENROL_AGAIN)
    is GatewayFault.MetadataExpired -> Notice(Say.errorMetadataExpired, Act.RETRY)
    is GatewayFault.Busy -> Notice(busy(fault.seconds), Act.RETRY)
    is GatewayFault.Refused -> Notice(Say.phoneGatewayRefused)
}

private fun busy(seconds: ULong?): Text = seconds?.let { Say.errorBusyFor(span(it)) } ?: Say.errorBusy

/** Wrong digits, and how many tries are left. */
fun wrongDigits(left: UByte, some: (Text) -> Text = Say::errorWrongDigits, one: Text = Say.errorWrongDigitsLast): Text =
    if (left <= 1u) one else some(count(left))

/** The rules of a gateway by their names, as the wire has them. */
private fun policyText(why: String): Text = when (why) {
    "attest" -> Say.errorPolicyAttest
    "level" -> Say.errorPolicyLevel
    "uv" -> Say.errorPolicyUv
    "limit" -> Say.errorPolicyLimit
    "move" -> Say.errorPolicyMove
    "state" -> Say.errorPolicyState
    else -> Say.errorPolicy
}
