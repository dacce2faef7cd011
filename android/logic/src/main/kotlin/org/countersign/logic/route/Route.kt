package org.countersign.logic.route

/**
 * A place in the app. It is saved as plain words and read again after the process died, so it names things by their ids and
 * holds no secret: what a link or a QR brought is gone by then, and is scanned again.
 */
sealed class Route(
    val name: String,
    val id: String? = null,
    /** Whether it shows what only an unlocked vault has. Approvals never do. */
    val needsVault: Boolean = true,
) {
    data object Accounts : Route("accounts")

    data class Account(val account: ULong) : Route("account", account.toString())

    data class EditAccount(val account: ULong) : Route("edit", account.toString())

    data object Bin : Route("bin")

    /** What the unlock found damaged. */
    data object Damage : Route("damage")

    data object Scan : Route("scan")

    data object Manual : Route("manual")

    data object Import : Route("import")

    /** The accounts as codes for another phone; what they hold is asked for anew after the process died. */
    data object Export : Route("export")

    data class Approval(val approval: String) : Route("approval", approval, needsVault = false)

    data object History : Route("history", needsVault = false)

    data object Gateways : Route("gateways", needsVault = false)

    data class Gateway(val gateway: String) : Route("gateway", gateway, needsVault = false)

    data object Enrol : Route("enrol", needsVault = false)

    /** The answer code of a sign-in without a network. */
    data object Answer : Route("answer", needsVault = false)

    data class Move(val gateway: String) : Route("move", gateway, needsVault = false)

    data class Burn(val account: ULong?) : Route("burn", account?.toString())

    data object Batches : Route("batches")

    data class Batch(val batch: ULong) : Route("batch", batch.toString())

    data object Ledger : Route("ledger")

    data class Settings(val page: SettingsTab?) : Route("settings", page?.name)

    /** How this phone tells of sign-ins. */
    data object Bells : Route("bells", needsVault = false)

    data object Help : Route("help", needsVault = false)

    data object About : Route("about", needsVault = false)

    /** As it is kept: `account/7`. */
    fun save(): String = id?.let { "$name/$it" } ?: name

    companion object {
        private val plain by lazy {
            val codes = listOf(Accounts, Bin, Damage, Scan, Manual, Import, Export)
            val tokens = listOf(Batches, Ledger)
            val open = listOf(History, Gateways, Enrol, Answer, Bells, Help, About)
            (codes + tokens + open).associateBy(Route::name)
        }

        /** What [save] wrote; nothing for words of another version. */
        fun read(saved: String): Route? {
            val name = saved.substringBefore('/')
            val id = saved.substringAfter('/', "").ifEmpty { null }
            return when (name) {
                "account" -> id?.toULongOrNull()?.let(::Account)
                "edit" -> id?.toULongOrNull()?.let(::EditAccount)
                "batch" -> id?.toULongOrNull()?.let(::Batch)
                "approval" -> id?.let(::Approval)
                "gateway" -> id?.let(::Gateway)
                "move" -> id?.let(::Move)
                "burn" -> Burn(id?.toULongOrNull())
                "settings" -> Settings(SettingsTab.entries.find { it.name == id })
                else -> plain[name].takeIf { id == null }
            }
        }
    }
}

/** The pages of the settings, in the words people use. */
enum class SettingsTab { LOCK, LOOKS, BACKUP, LANGUAGE, WIDGETS, ADVANCED }
