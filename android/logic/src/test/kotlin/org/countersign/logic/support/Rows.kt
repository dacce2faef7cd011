package org.countersign.logic.support

import org.countersign.bindings.AccountDetails
import org.countersign.bindings.AccountKind
import org.countersign.bindings.AccountRow
import org.countersign.bindings.Algorithm
import org.countersign.bindings.ApprovalRow
import org.countersign.bindings.ApprovalState
import org.countersign.bindings.CodeRow
import org.countersign.bindings.ContextRow
import org.countersign.bindings.GatewayRow
import org.countersign.bindings.GatewayState
import org.countersign.bindings.LiveCode
import org.countersign.bindings.NewMark
import org.countersign.bindings.Op
import org.countersign.bindings.Src

/** The moment at which the clocks of the tests stand. */
const val NOW = 1_700_000_000UL

val TIMED = AccountKind.Totp(period = 30u, start = 0u)

fun account(
    id: ULong,
    issuer: String = "Example",
    kind: AccountKind = TIMED,
    hidden: Boolean = false,
    groups: List<ULong> = emptyList(),
) = AccountRow(
    id = id,
    issuer = issuer,
    name = "mara",
    kind = kind,
    algorithm = Algorithm.SHA1,
    digits = 6u,
    origin = null,
    created = NOW - 1000u,
    changed = NOW - 1000u,
    order = id,
    details =
        AccountDetails(
            favourite = false,
            pinned = false,
            hidden = hidden,
            icon = null,
            groups = groups,
            tags = emptyList(),
        ),
    uses = 0u,
    used = 0u,
    deleted = null,
    initials = "EX",
    colour = 0x0B5D4Bu,
)

fun live(account: AccountRow, until: ULong = NOW + 20u) =
    CodeRow(account, LiveCode("492039", "118402", since = until - 30u, until = until))

fun counted(id: ULong) = CodeRow(account(id, kind = AccountKind.Hotp(counter = 7u)), null)

fun approval(
    id: String = "one",
    state: ApprovalState = ApprovalState.Open(left = null),
    context: ContextRow = CONTEXT,
    expires: ULong = NOW + 120u,
    canApprove: Boolean = true,
) = ApprovalRow(
    id = id,
    op = Op.LOGIN,
    msg = null,
    app = "Payroll",
    ico = null,
    host = "gate.example.com",
    gateway = "Example",
    acct = "mara@example.com",
    acctDiffers = false,
    context = context,
    digits = 6u,
    asked = NOW,
    expires = expires,
    state = state,
    canApprove = canApprove,
    canDeny = true,
    canReport = true,
    stale = null,
)

val CONTEXT =
    ContextRow(
        src = Src.DIRECT,
        ip = "192.0.2.7",
        cc = "FR",
        city = "Lyon",
        asn = "Orange",
        ua = "Firefox on Linux",
        new = listOf(NewMark.CC),
    )

fun gateway(id: String = "gate", state: GatewayState = GatewayState.Active) = GatewayRow(
    id = id,
    name = "Example",
    host = "gate.example.com",
    acct = "mara@example.com",
    state = state,
    since = NOW - 86_400u,
    clockAhead = 0,
    stale = null,
    outdated = false,
)
