package org.countersign.apk

import java.nio.file.Path

/** `Main FRAMEWORK RESOURCES PARTS HERE OUT`: makes the APK OUT. */
fun main(arguments: Array<String>) {
    val (framework, resources, parts, here, out) = arguments.map(Path::of)
    Apk(framework, resources, parts, here).make(out, SigningKey.ofEnvironment())
}
