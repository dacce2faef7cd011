package org.countersign.app.screen

import android.content.Context
import android.view.View

/** A finder of a camera that can do everything. */
internal class Looking(context: Context) : Viewfinder {
    override val view = View(context)
    override val isThere = true
    override val hasTorch = true
    override val canZoom = true
    override val isNear = false
    override var onZoom: () -> Unit = {}

    override fun zoom(near: Boolean) = Unit
}
