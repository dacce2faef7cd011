package org.countersign.app.shell

import android.content.Context
import kotlinx.coroutines.CoroutineScope
import org.countersign.app.screen.BellsDrawing
import org.countersign.app.screen.GatewayDrawing
import org.countersign.app.screen.GatewaysDrawing
import org.countersign.app.screen.HistoryDrawing
import org.countersign.app.screen.MoveDrawing
import org.countersign.logic.Now
import org.countersign.logic.Outside
import org.countersign.logic.approval.HistoryEvent
import org.countersign.logic.approval.HistoryLogic
import org.countersign.logic.bell.BellCalls
import org.countersign.logic.bell.BellsEvent
import org.countersign.logic.bell.BellsLogic
import org.countersign.logic.core.ApprovalCalls
import org.countersign.logic.core.GatewayCalls
import org.countersign.logic.gateway.GatewayEvent
import org.countersign.logic.gateway.GatewayLogic
import org.countersign.logic.gateway.GatewaysEvent
import org.countersign.logic.gateway.GatewaysLogic
import org.countersign.logic.gateway.MoveEvent
import org.countersign.logic.gateway.MoveLogic
import org.countersign.logic.route.Go
import org.countersign.logic.route.Route

/** Enrolments, the move to another phone, and what was decided. */
internal class GatewayScreens(
    private val context: Context,
    private val scope: CoroutineScope,
    private val gateways: GatewayCalls,
    private val approvals: ApprovalCalls,
    private val bells: BellCalls,
    private val now: Now,
    private val outside: Outside,
) {
    fun of(route: Route): Shown<*, *>? = when (route) {
        Route.History -> history()
        Route.Gateways -> gateways()
        is Route.Gateway -> gateway(route.gateway)
        is Route.Move -> move(route.gateway)
        Route.Bells -> bells()
        else -> null
    }

    private fun history() = Shown(scope, outside, HistoryLogic(approvals), tick = null, HistoryEvent.Changed) { send ->
        HistoryDrawing(context, ::back, send)
    }

    private fun gateways() =
        Shown(scope, outside, GatewaysLogic(gateways, bells), tick = null, GatewaysEvent.Changed) { send ->
            GatewaysDrawing(context, ::back, send)
        }

    private fun gateway(id: String) =
        Shown(scope, outside, GatewayLogic(id, gateways), tick = null, GatewayEvent.Changed) { send ->
            GatewayDrawing(context, ::back, send)
        }

    private fun move(id: String) =
        Shown(scope, outside, MoveLogic(id, gateways, now), MoveEvent.Tick, MoveEvent.Changed) { send ->
            MoveDrawing(context, send)
        }

    private fun bells() = Shown(scope, outside, BellsLogic(bells), tick = null, BellsEvent.Changed) { send ->
        BellsDrawing(context, ::back, send)
    }

    private fun back() = outside.go(Go.Back)
}
