package org.countersign.logic.core

import org.countersign.bindings.Countersign
import org.countersign.bindings.DeviceClass
import org.countersign.bindings.Phone
import org.countersign.logic.Keep

/** The core as screens ask it. Each long call ends with the coroutine that asked. */
class Core(app: Countersign, keep: Keep, device: DeviceClass, phone: Phone) {
    val vault: VaultCalls = BoundVault(app, keep, device)
    val accounts: AccountCalls = BoundAccounts(app)
    val approvals: ApprovalCalls = BoundApprovals(app)
    val gateways: GatewayCalls = BoundGateways(app, phone)
    val scans: ScanCalls = BoundScans(app)
    val tokens: TokenCalls = BoundTokens(app)
    val ledger: LedgerCalls = BoundLedger(app)
}
