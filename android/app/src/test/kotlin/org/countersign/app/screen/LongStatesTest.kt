package org.countersign.app.screen

import org.countersign.bindings.AccountKind
import org.countersign.bindings.Algorithm
import org.countersign.bindings.JoiningRow
import org.countersign.bindings.NewAccount
import org.countersign.bindings.Os
import org.countersign.logic.accounts.BinLine
import org.countersign.logic.accounts.BinState
import org.countersign.logic.accounts.Figure
import org.countersign.logic.accounts.Tile
import org.countersign.logic.approval.HistoryState
import org.countersign.logic.approval.Past
import org.countersign.logic.approval.PastWord
import org.countersign.logic.burn.BatchState
import org.countersign.logic.burn.BatchesState
import org.countersign.logic.gateway.AnswerState
import org.countersign.logic.gateway.EnrolState
import org.countersign.logic.gateway.EnrolStep
import org.countersign.logic.gateway.MoveState
import org.countersign.logic.gateway.MoveStep
import org.countersign.logic.scan.Camera
import org.countersign.logic.scan.ExportState
import org.countersign.logic.scan.ExportStep
import org.countersign.logic.scan.Found
import org.countersign.logic.scan.ImportEnd
import org.countersign.logic.scan.ImportLine
import org.countersign.logic.scan.ImportState
import org.countersign.logic.scan.ScanState
import org.countersign.logic.text.Digits
import org.countersign.logic.text.Say
import org.countersign.logic.text.plain
import org.countersign.logic.widget.WidgetRow
import org.countersign.logic.widget.WidgetState
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

private const val HOST = "authentication-gateway.department.subsidiary.example.com:8443"
private const val NAME = "The Royal Society for the Protection of Very Long Names and of Those Who Bear Them"
private const val WHO = "mara.von.hohenstein-mueller+countersign@subsidiary.department.example.com"

/** One word, with no place to break it. */
private const val WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"

/** Names that somebody else chose, as long as they come, in every look. What could be another's in its beginning is shown whole. */
@RunWith(RobolectricTestRunner::class)
class LongStatesTest {
    @Test
    fun anAccount() {
        val code = Figure.Live(Digits("12345678"), Digits("87654321"), NOON, NOON + 30UL)
        val line = ACCOUNTS_LONG.rows.first().copy(title = WORD, subtitle = WHO, figure = code)
        everyLook("account-long-names", ACCOUNT.copy(line = line, note = "$NAME. ".repeat(6))) {
            AccountDrawing(it, onBack = {}, onEvent = {})
        }
    }

    @Test
    fun theQuestionBeforeAnAccountGoes() {
        val line = ACCOUNTS_LONG.rows.first().copy(title = NAME, subtitle = WHO)
        everyLook("account-delete-long-names", ACCOUNT.copy(line = line, asksDelete = true)) {
            AccountDrawing(it, onBack = {}, onEvent = {})
        }
    }

    @Test
    fun theBin() = everyLook(
        "bin-long-names",
        BinState(listOf(BinLine(1UL, WORD, WHO, Tile("DO", 0x0B5E4Au, null), NOON + 90_000UL)), false, false, null),
    ) { BinDrawing(it, onBack = {}, onEvent = {}) }

    @Test
    fun whatWasScanned() {
        val kind = AccountKind.Totp(period = 30UL, start = 0UL)
        val account = NewAccount(NAME, WHO, "", kind, Algorithm.SHA512, 8u, ByteArray(20), pin = null)
        val found = Found.Account(account, NAME, WHO, emptyList(), there = null)
        everyLook("scan-long-names", ScanState(Camera.LOOKING, torch = false, found, waits = false, notice = null)) {
            ScanDrawing(it, Looking(it), onBack = {}, onPaste = {}, onEvent = {})
        }
    }

    @Test
    fun whatIsImported() {
        val rows = List(8) { ImportLine(if (it % 2 == 0) NAME else WORD, WHO, ImportEnd.NEW, Say.phoneImportNew) }
        val whole = org.countersign.bindings.TransferProgress(List(12) { true }, 8UL, 8UL, isWhole = true)
        everyLook("import-long-names", ImportState(whole, rows, false, waits = false, isDone = false, null)) {
            ImportDrawing(it, onBack = {}, onEvent = {})
        }
    }

    @Test
    fun whatCannotBeExported() {
        val link = org.countersign.logic.Secret("otpauth-migration://offline?data=CiQK".toByteArray())
        everyLook(
            "export-long-names",
            ExportState(ExportStep.Shows(listOf(link), 0, listOf(NAME, WORD, WHO)), false, null),
        ) {
            ExportDrawing(it, onEvent = {})
        }
    }

    @Test
    fun whoIsJoined() = everyLook(
        "enrol-long-names",
        EnrolState(NOON, HOST, NAME, EnrolStep.Pending("a", Digits("482915"), NOON + 90UL), null, willAsk = false),
    ) { EnrolDrawing(it, onEvent = {}) }

    @Test
    fun whoIsMovedTo() = everyLook(
        "move-long-names",
        MoveState(NOON, HOST, MoveStep.Joining(JoiningRow(Os.ANDROID, WORD.take(64)), waits = false), null),
    ) { MoveDrawing(it, onEvent = {}) }

    @Test
    fun whoAsksWithoutANetwork() = everyLook(
        "answer-long-names",
        AnswerState(HOST, ASKED.copy(app = NAME, host = HOST, gateway = NAME), waits = false, code = null, null),
    ) { AnswerDrawing(it, onEvent = {}) }

    @Test
    fun whatWasDecided() {
        val past =
            Past("p", Say.tuiSignInTo, NAME, HOST, NOON, PastWord.APPROVED, Say.phonePastApproved, ASKED.facts, null)
        val state =
            HistoryState(
                listOf(ASKED.copy(app = WORD, host = HOST)),
                emptyList(),
                listOf(past),
                setOf("p"),
                "p",
                false,
                null,
            )
        everyLook("history-long-names", state) { HistoryDrawing(it, onBack = {}, onEvent = {}) }
    }

    @Test
    fun batches() = everyLook(
        "batches-long-names",
        BatchesState(listOf(BATCH.copy(name = NAME), BATCH.copy(id = 2UL, name = WORD)), null, null, false, null),
    ) { BatchesDrawing(it, onBack = {}, onEvent = {}) }

    @Test
    fun aBatch() {
        val entries = ENTRIES.map { it.copy(seed = it.seed.copy(issuer = NAME, name = WHO)) }
        everyLook("batch-long-names", BatchState(entries, 1, loads = false, notice = null)) {
            BatchDrawing(it, onBack = {}, onEvent = {})
        }
    }

    @Test
    fun namesOnTheHomeScreen() = everyLook(
        "settings-widgets-long-names",
        WidgetState(
            listOf(WidgetRow(1UL, NAME, WHO, isOn = true), WidgetRow(2UL, WORD, "", false)),
            false,
            false,
            null,
        ),
    ) { WidgetDrawing(it, onBack = {}, onEvent = {}) }
}
