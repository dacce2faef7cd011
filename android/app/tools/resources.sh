#!/bin/sh
# resources.sh AAPT2 FRAMEWORK STRINGS OUT: OUT/app.ap_ is what ships, OUT/tests.ap_ has the pseudo-locales as well; OUT/java
# has the numbers of the resources, the same in both.
set -eu
aapt2=$1 framework=$2 strings=$3 out=$4
app=$(cd "$(dirname "$0")/../src/main" && pwd)
chmod +x "$aapt2"
rm -rf "$out"
mkdir -p "$out/java"

# compile NAME [OPTION]: ours, and the texts in all languages.
compile() {
    name=$1
    shift
    "$aapt2" compile "$@" --dir "$app/res" -o "$out/$name.zip"
    "$aapt2" compile "$@" --dir "$strings" -o "$out/$name-strings.zip"
}

# link NAME [OPTION]
link() {
    name=$1
    shift
    "$aapt2" link -I "$framework" --manifest "$app/AndroidManifest.xml" --auto-add-overlay "$@" \
        -o "$out/$name.ap_" "$out/$name.zip" "$out/$name-strings.zip"
}

compile app
link app --java "$out/java"
compile tests --pseudo-localize
link tests
