package org.countersign.logic.support

import org.countersign.bindings.AccountKind
import org.countersign.bindings.Algorithm
import org.countersign.bindings.CountersignException
import org.countersign.bindings.Frame
import org.countersign.bindings.InputFault
import org.countersign.bindings.Known
import org.countersign.bindings.NewAccount
import org.countersign.bindings.NoHandle
import org.countersign.bindings.OfflineCode
import org.countersign.bindings.OutgoingTransfer
import org.countersign.bindings.Rotation
import org.countersign.bindings.Scanned
import org.countersign.bindings.TransferAdded
import org.countersign.bindings.TransferPart
import org.countersign.bindings.TransferProgress
import org.countersign.bindings.TransferRow
import org.countersign.bindings.TransferState
import org.countersign.logic.Secret
import org.countersign.logic.core.ScanCalls
import org.countersign.logic.core.TransferCalls

/** Whatever is looked at is what a test says. */
class FakeScans : ScanCalls {
    var finds = emptyList<Scanned>()
    var known: Known = Known.No
    var fails: CountersignException? = null
    var looked = 0

    private fun found(): List<Scanned> {
        looked += 1
        fails?.let { throw it }
        return finds
    }

    override suspend fun frame(frame: Frame) = found()

    override suspend fun picture(file: ByteArray) = found()

    override fun text(bytes: ByteArray) = found().single()

    override suspend fun known(accounts: List<NewAccount>) = accounts.map { known }

    override fun transfer() = FakeTransfer()

    /** What leaves; nothing else proves the person than [PASSPHRASE]. */
    var leaves = OutgoingTransfer(emptyList(), emptyList(), emptyList())
    val exported = mutableListOf<List<ULong>>()

    override suspend fun export(ids: List<ULong>, passphrase: Secret): OutgoingTransfer {
        if (!passphrase.isSameAs(Secret(PASSPHRASE.toByteArray()))) {
            throw CountersignException.Input(InputFault.WrongPassphrase)
        }
        exported += ids
        return leaves
    }

    companion object {
        const val PASSPHRASE = "four words of mine"
    }
}

/** A transfer of two parts with an account each. */
class FakeTransfer : TransferCalls {
    private var read = 0
    var fails: CountersignException? = null

    override fun add(part: TransferPart): TransferAdded {
        read += 1
        return TransferAdded.Accounts
    }

    override fun progress() = TransferProgress(List(2) { it < read }, read.toULong(), 2u, read == 2)

    override suspend fun rows() = List(read) { TransferRow("Example", "$it", TransferState.New) }

    override suspend fun import(partly: Boolean): List<TransferRow> {
        fails?.let { throw it }
        return List(read) { TransferRow("Example", "$it", TransferState.Added(it.toULong())) }
    }
}

val FRAME = Frame(ByteArray(1), 1u, 1u, 1u, Rotation.UPRIGHT)

fun newAccount(issuer: String = "Example") =
    NewAccount(issuer, "mara", "", AccountKind.Totp(30u, 0u), Algorithm.SHA1, 6u, ByteArray(20), null)

/** A code that no gateway made, with a host. */
class FakeOffline : OfflineCode(NoHandle) {
    override fun host() = "gate.example.com"
}
