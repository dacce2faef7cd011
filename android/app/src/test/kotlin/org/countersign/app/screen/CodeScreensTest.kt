package org.countersign.app.screen

import org.countersign.bindings.AccountKind
import org.countersign.bindings.Algorithm
import org.countersign.bindings.NewAccount
import org.countersign.bindings.TransferProgress
import org.countersign.logic.Notice
import org.countersign.logic.Secret
import org.countersign.logic.accounts.Field
import org.countersign.logic.accounts.Fields
import org.countersign.logic.accounts.FormState
import org.countersign.logic.accounts.GroupChoice
import org.countersign.logic.accounts.Kind
import org.countersign.logic.gateway.EnrolState
import org.countersign.logic.gateway.EnrolStep
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
import org.countersign.logic.text.count
import org.countersign.logic.text.plain
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** Where accounts and gateways come from, in every look. */
@RunWith(RobolectricTestRunner::class)
class CodeScreensTest {
    @Test
    fun anAccountIsTypedIn() = form("form", FORM)

    @Test
    fun moreIsFoldedAway() =
        form("form-more", FORM.copy(showsMore = true, fields = FORM.fields.copy(kind = Kind.COUNTED)))

    @Test
    fun whatIsWrongStandsWhereItIsMended() = form(
        "form-faults",
        FORM.copy(
            fields = Fields(),
            faults = mapOf(
                Field.ISSUER to Say.phoneFormNameless,
                Field.KEY to Say.tuiFormKeyWrong,
            ),
        ),
    )

    @Test
    fun whatWasTypedIsNotLostUnasked() = form("form-leave", FORM.copy(isChanged = true, asksLeave = true))

    @Test
    fun anAccountIsChanged() = form(
        "form-edit",
        FORM.copy(
            id = 7UL,
            groups = listOf(GroupChoice(1UL, "Home", true), GroupChoice(2UL, "Work", false)),
            showsMore = true,
            fields = FORM.fields.copy(note = "Since the move", tags = "work, shared"),
        ),
    )

    @Test
    fun theCameraLooks() = scan("scan", SCAN)

    @Test
    fun theCameraIsNotAllowed() = scan("scan-refused", SCAN.copy(camera = Camera.REFUSED))

    @Test
    fun thereIsNoCamera() = scan("scan-absent", SCAN.copy(camera = Camera.ABSENT))

    @Test
    fun anotherAppHasTheCamera() = scan("scan-taken", SCAN.copy(camera = Camera.TAKEN))

    @Test
    fun anAccountIsNamedBeforeItIsAdded() = scan("scan-account", SCAN.copy(found = account(there = null)))

    @Test
    fun anAccountIsThereAlready() = scan("scan-there", SCAN.copy(found = account(there = 7UL)))

    @Test
    fun oneOfSeveralIsChosen() {
        val labels = listOf(plain("Example\nmara@example.com"), Say.phoneScanLogin, Say.qrWifi)
        scan("scan-several", SCAN.copy(found = Found.Several(labels, emptyList())))
    }

    @Test
    fun whatIsNotOursIsNamed() = scan("scan-other", SCAN.copy(found = Found.Other(Say.qrMicrosoft)))

    @Test
    fun partsAreToBeScanned() = imported("import", IMPORT)

    @Test
    fun aTransferIsWhole() = imported("import-whole", IMPORT.copy(progress = progress(true, true), rows = ROWS))

    @Test
    fun aTransferWithoutAPart() =
        imported("import-partly", IMPORT.copy(progress = progress(true, false), rows = ROWS, asksPartly = true))

    @Test
    fun aTransferIsDone() = imported(
        "import-done",
        IMPORT.copy(progress = progress(true, true), isDone = true, rows = ROWS.map { it.done() }, notice = null),
    )

    @Test
    fun aGatewayIsAgreedTo() = enrol("enrol", EnrolStep.Asking, "Example Inc.")

    @Test
    fun digitsGoToThePage() = enrol("enrol-digits", EnrolStep.Pending("a", Digits("482915"), 2_000UL), "Example Inc.")

    @Test
    fun itIsEndedAfterAQuestion() {
        val step = EnrolStep.Pending("a", Digits("482915"), 2_000UL)
        val state = EnrolState(1_000UL, "gate.example.com", "Example Inc.", step, null, willAsk = false, asksEnd = true)
        everyLook("enrol-end", state) { EnrolDrawing(it, onEvent = {}) }
    }

    @Test
    fun thePhoneHasJoined() = enrol("enrol-joined", EnrolStep.Joined, "Example Inc.")

    @Test
    fun whoJoinedIsToldWhyThePhoneAsks() = enrol("enrol-why", EnrolStep.Joined, "Example Inc.", willAsk = true)

    @Test
    fun theLinkIsGone() = enrol("enrol-no-link", EnrolStep.NoLink, null)

    @Test
    fun theCodeWasTooOld() = enrol("enrol-ended", EnrolStep.Ended(Say.errorCodeExpired), "Example Inc.")

    private fun ImportLine.done() =
        if (end == ImportEnd.NEW) copy(end = ImportEnd.ADDED, word = Say.phoneImportAdded) else this

    private fun account(there: ULong?): Found {
        val kind = AccountKind.Totp(period = 30UL, start = 0UL)
        val account = NewAccount("Example", "mara@example.com", "", kind, Algorithm.SHA1, 6u, ByteArray(20), pin = null)
        return Found.Account(account, "Example", "mara@example.com", listOf(Say.qrKeyShort(count(80))), there)
    }

    @Test
    fun codesLeaveBehindThePassphrase() = exported("export-ask", ExportStep.Asking, Notice(Say.errorWrongPassphrase))

    @Test
    fun oneCodeAfterTheOther() = exported("export-code", ExportStep.Shows(LINKS, 0, emptyList()))

    @Test
    fun whatNoCodeHoldsIsNamed() = exported("export-left", ExportStep.Shows(LINKS, 1, listOf("Example", "A bank")))

    @Test
    fun nothingCanLeave() = exported("export-nothing", ExportStep.Nothing)

    private fun form(name: String, state: FormState) = everyLook(name, state) { FormDrawing(it, onEvent = {}) }

    private fun scan(name: String, state: ScanState) =
        everyLook(name, state) { ScanDrawing(it, Looking(it), onBack = {}, onPaste = {}, onEvent = {}) }

    private fun imported(name: String, state: ImportState) = everyLook(name, state) {
        ImportDrawing(it, onBack = {}, onEvent = {})
    }

    private fun exported(name: String, step: ExportStep, notice: Notice? = null) =
        everyLook(name, ExportState(step, waits = false, notice)) { ExportDrawing(it, onEvent = {}) }

    private fun enrol(name: String, step: EnrolStep, gateway: String?, willAsk: Boolean = false) =
        everyLook(name, EnrolState(1_000UL, "sign-in.example.com", gateway, step, notice = null, willAsk)) {
            EnrolDrawing(it, onEvent = {})
        }

    private companion object {
        val LINKS = List(2) { Secret("otpauth-migration://offline?data=${"CiQKFEhlbGxv".repeat(12)}$it".toByteArray()) }
        val FORM =
            FormState(
                id = null,
                fields = Fields(issuer = "Example", name = "mara@example.com"),
                groups = emptyList(),
                faults = emptyMap(),
                showsMore = false,
                waits = false,
                isChanged = false,
                asksLeave = false,
                before = null,
                notice = null,
            )
        val SCAN = ScanState(Camera.LOOKING, torch = false, found = null, waits = false, notice = null)
        val ROWS =
            listOf(
                ImportLine("Example", "mara@example.com", ImportEnd.NEW, Say.phoneImportNew),
                ImportLine("Mail", "mara", ImportEnd.THERE, Say.phoneImportThere),
                ImportLine(
                    "A bank with a rather long name of its own",
                    "m.lindqvist.savings@example.com",
                    ImportEnd.REFUSED,
                    Say.scanEntryDamaged,
                ),
            )
        val IMPORT =
            ImportState(
                TransferProgress(emptyList(), 0UL, 0UL, isWhole = false),
                emptyList(),
                false,
                false,
                false,
                null,
            )

        fun progress(vararg parts: Boolean) = TransferProgress(parts.toList(), 3UL, 6UL, parts.all { it })
    }
}
