package org.countersign.app.shell

import org.countersign.app.port.Files
import org.countersign.app.port.Pick
import org.countersign.logic.Outside
import org.countersign.logic.Wish
import org.countersign.logic.route.Go

/** Lets a file be picked; all else goes on as it is. */
internal class Picking(private val files: Files, private val what: Pick, private val outside: Outside) : Outside {
    override fun go(go: Go) = outside.go(go)

    override fun wish(wish: Wish) = if (wish is Wish.PickFile) files.pick(what) else outside.wish(wish)
}
