package org.countersign.bindings

import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.countersign.support.Folders
import org.countersign.support.KOTLIN_PHONE
import org.countersign.support.MemoryKeystore
import org.countersign.support.MemoryObserver
import org.countersign.support.Person
import org.countersign.support.digits
import org.countersign.support.finishes
import org.countersign.support.gateway
import org.countersign.support.polled
import org.countersign.support.sees
import org.countersign.testkit.Distributor
import org.countersign.testkit.RealGateway
import org.junit.AfterClass
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.BeforeClass
import org.junit.Rule
import org.junit.Test

/** All that a person does at a gateway, at a real one. */
class GatewayTest {
    @get:Rule
    val folders = Folders()

    @get:Rule
    val others = Folders()

    private val person = Person(gateway)
    private val keystore = MemoryKeystore()
    private val cancel = CancelHandle()

    /** A phone that is enrolled and locked: nothing at a gateway needs the vault. */
    private val app: Countersign by lazy {
        Countersign.open(folders.privateFolder, folders.sharedFolder, emptyList(), keystore, null)
            .also(person::enrols)
    }

    @Test
    fun aPhoneEnrolsByWhatItsCameraSees() {
        val observer = MemoryObserver()
        Countersign.open(folders.privateFolder, folders.sharedFolder, emptyList(), keystore, null).use { app ->
            app.observe(observer)
            person.enrols(app)
            assertEquals(listOf(GatewayState.Active, person.name), app.gateway.run { listOf(state, acct) })
        }
        assertTrue(observer.heard().contains(Topic.GATEWAYS))
    }

    @Test
    fun aSignInIsApprovedByTheDigitsOfItsPage() = runBlocking {
        val (window, row) = person.asks(app)
        val wrong = window.digits.map { if (it == '9') '0' else it + 1 }.joinToString("")
        assertEquals(Verdict(Status.WRONG, left = 2u), app.approve(row.id, wrong, cancel))
        assertEquals(Status.APPROVED, app.approve(row.id, window.digits, cancel).status)
        assertEquals("/demo", window.finishes())
    }

    @Test
    fun aSignInIsApprovedByTheCodeThatTheCameraSees() = runBlocking {
        val window = person.apply { app }.signsIn()
        val page = (app.sees(window) as Scanned.Page).page
        assertEquals(app.gateway.host, page.host())
        val id = app.pageApproval(page, cancel)
        assertEquals(Status.APPROVED, app.approveByQr(id, page, cancel).status)
        assertEquals("/demo", window.finishes())
    }

    @Test
    fun aSignInIsDeniedAndThenReported() = runBlocking {
        val (window, row) = person.asks(app)
        assertEquals(Status.DENIED, app.deny(row.id, cancel).status)
        assertEquals(PastEnd.Decided(Status.DENIED), app.history().single().end)
        assertEquals(Status.REPORTED, app.report(row.id, cancel).status)
        assertEquals(PastEnd.Decided(Status.REPORTED), app.history().single().end)
        window.goto("/login/wait")
        assertFalse(window.page, "action=\"/login/finish\"" in window.page)
    }

    @Test
    fun withoutANetworkThePageIsAnsweredByEightDigits() = runBlocking {
        val window = person.apply { app }.signsIn()
        window.goto("/login/offline")
        window.submit("/login/offline")
        val code = (app.sees(window) as Scanned.Offline).code
        assertEquals(app.gateway.host, code.host())
        val row = app.offlineRow(code)
        assertEquals(listOf(person.name, app.gateway.host), listOf(row.acct, row.host))
        val link = checkNotNull(window.words("id=\"link\"")).toByteArray()
        assertEquals(row, app.offlineRow(app.offlineCode(link)))
        val digits = app.answerCode(code, cancel)
        assertEquals(8, digits.length)
        window.submit("/login/code", "code" to digits)
        assertEquals("/demo", window.path)
        assertEquals(listOf(PastEnd.CodeShown), app.history().map { it.end })
    }

    @Test
    fun aStreamOfEventsBringsASignInAndEndsWithItsHandle() = runBlocking {
        val id = app.gateway.id
        val handle = CancelHandle()
        val observer = MemoryObserver().also(app::observe)
        val events = async { runCatching { app.events(id, handle) } }
        person.signsIn()
        while (Topic.APPROVALS !in observer.heard()) delay(PAUSE_MS)
        assertTrue(app.approvals().single().canApprove)
        handle.cancel()
        val fault = events.await().exceptionOrNull()
        assertTrue("$fault", fault == null || (fault as CountersignException.Port).fault == PortFault.CANCELLED)
    }

    @Test
    fun whatAGatewayRingsIsToldBesideTheAppAndLeftForIt() = runBlocking {
        val id = app.gateway.id
        app.setEndpoint(id, distributor.endpoint, cancel)
        assertEquals(Told.TOLD, app.pushEndpoint(id).told)
        app.changeSeal(id, cancel)
        person.signsIn()
        val note = Inbox.open(folders.sharedFolder, keystore, null).use { it.bell(distributor.rings()) }
        assertEquals(app.gateway.host, (note as Note.Asks).host)
        assertTrue("the app did not look yet", app.approvals().isEmpty())
        assertTrue(app.takeInbox())
        assertEquals(note.app, app.approvals().single().app)
        app.setEndpoint(id, null, cancel)
        assertNull(app.pushEndpoint(id).endpoint)
    }

    @Test
    fun withNewKeysAPhoneGoesOn() = runBlocking {
        val before = app.let { keystore.list().toSet() }
        for (which in KeyClass.entries) app.rotateKeys(app.gateway.id, which, cancel)
        assertEquals("both are new", 2, (keystore.list().toSet() - before).size)
        val (window, row) = person.asks(app)
        assertEquals(Status.APPROVED, app.approve(row.id, window.digits, cancel).status)
        assertEquals("/demo", window.finishes())
        app.polled()
        assertEquals(
            "the old ones went when the new ones served",
            emptySet<String>(),
            keystore.list().toSet() intersect before,
        )
    }

    @Test
    fun aMoveLeavesTheGatewayWithTheNewPhone() = runBlocking {
        val id = app.gateway.id
        val move = app.invite(id, true, cancel)
        assertEquals(listOf(app.gateway.host, true, false), listOf(move.host, move.replace, move.confirmed))
        val next = Countersign.open(others.privateFolder, others.sharedFolder, emptyList(), MemoryKeystore(), null)
        val digits = next.enrol(move.link, KOTLIN_PHONE, cancel).digits
        app.polled()
        assertEquals(JoiningRow(KOTLIN_PHONE.os, KOTLIN_PHONE.model), app.moving(id)?.joining)
        app.confirm(id, digits, cancel)
        next.polled()
        assertEquals(GatewayState.Active, next.gateway.state)
        app.polled()
        assertEquals(GatewayState.Gone(GoneWhy.REPLACED), app.gateway.state)
        val (window, row) = person.asks(next)
        assertEquals(Status.APPROVED, next.approve(row.id, window.digits, cancel).status)
    }

    @Test
    fun whoLeavesIsKnownNoMore() = runBlocking {
        val id = app.gateway.id
        app.leave(id, cancel)
        assertEquals(listOf<Any>(), app.gateways() + app.damagedEnrolments() + keystore.list())
        val fault = assertThrows(CountersignException.Input::class.java) { runBlocking { app.poll(id, 0u, cancel) } }
        assertEquals(InputFault.NotFound, fault.fault)
        assertNotEquals("without a phone nobody waits for one", "/login/wait", person.signsIn().path)
    }

    companion object {
        private const val PAUSE_MS = 20L
        private lateinit var gateway: RealGateway
        private lateinit var distributor: Distributor

        @BeforeClass
        @JvmStatic
        fun begin() {
            distributor = Distributor()
            val outgoing = arrayOf("--outgoing-allow", "127.0.0.1", "--outgoing-roots", distributor.roots)
            val policy = arrayOf("--policy-offline", "true", "--policy-move", "true")
            gateway = RealGateway(*outgoing, "--webpush-sub", "mailto:ops@example.com", *policy)
        }

        @AfterClass
        @JvmStatic
        fun end() {
            gateway.close()
            distributor.close()
        }
    }
}
