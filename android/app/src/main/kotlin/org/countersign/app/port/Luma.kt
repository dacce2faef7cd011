package org.countersign.app.port

import java.nio.ByteBuffer
import org.countersign.bindings.Frame
import org.countersign.bindings.Rotation

/**
 * The grey plane of a camera's picture as the core takes it. The last row of a plane may end with its last pixel: it is filled
 * up to its stride.
 */
internal fun frame(plane: ByteBuffer, width: Int, height: Int, stride: Int, rotation: Rotation): Frame {
    val pixels = ByteArray(stride * height)
    val bytes = plane.duplicate().apply { rewind() }
    bytes.get(pixels, 0, minOf(bytes.remaining(), pixels.size))
    return Frame(pixels, width.toUInt(), height.toUInt(), stride.toUInt(), rotation)
}
