#!/bin/sh
# Compiles the static binaries, their sanitizer twins, QuickJS for unit tests, and the PAM module.
#
#   build.sh quickjs QUICKJS OBJECTS          compile QuickJS (slow; changes only with QuickJS)
#   build.sh all     QUICKJS OBJECTS JS OUT   compile native/, the bytecode of JS/*.js, and link into OUT
#
# QUICKJS: its source (debian-source.sh). JS: the bundles baseimage.js (for the image) and host-tools.js (for the host),
# and the rehearsal of the first (saved-heap/README.md).
# OUT: bin/baseimage, bin/host-tools, asan/ (both, and the libraries they need), quickjs/run,
# lib/pam_container_environment.so, runit/ (what runit.sh has compiled), linked (Debian's source packages in the static
# binaries, with their versions).
# For another architecture (cross.sh) there is no sanitizer twin, as qemu cannot run it.
set -eu

what=$1 quickjs=$2 objects=$3
native=$(dirname "$0")
heap=$native/saved-heap
# CC, MUSL_GCC, OBJCOPY, and RUN, the command that runs a compiled program.
RUN=
# shellcheck source=/dev/null
if [ -e "$native/cross.env" ]; then . "$native/cross.env"; fi
parts="quickjs cutils libunicode libregexp dtoa"

# QuickJS's headers come by -isystem, so that only warnings of our own code are errors.
common="-std=gnu11 -D_GNU_SOURCE -isystem $quickjs -include $native/immortal/immortal.h"
own="-Wall -Wextra -Wconversion -Wno-sign-conversion -Werror"
small="-Os -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables"
checked="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
# Runs as root in programs that are not ours.
module="-Os -fPIC -shared -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 \
    -Wl,-z,relro,-z,now,-z,noexecstack,-z,defs -Wl,--build-id=none -Wl,--as-needed -s"
version="-DCONFIG_VERSION=\"$(cat "$quickjs/VERSION")\""

compile_quickjs() { # COMPILER DIRECTORY FLAGS...
    compiler=$1 directory=$2
    shift 2
    mkdir -p "$directory"
    for part in $parts; do
        file=$quickjs/$part.c
        [ "$part" != quickjs ] || file=$native/immortal/immortal.c # includes quickjs.c
        # shellcheck disable=SC2086 # the flags are several words
        $compiler $common -fwrapv "$version" "$@" -c "$file" -o "$directory/$part.o"
    done
}

quickjs_objects() { # DIRECTORY
    for part in $parts; do printf '%s ' "$objects/$1/$part.o"; done
}

# Our calls in place of QuickJS's counting: immortal/immortal.h.
change_quickjs() {
    sed -E -i -f "$native/immortal/quickjs.sed" "$quickjs/quickjs.c" "$quickjs/quickjs.h"
    calls=$(cat "$quickjs/quickjs.c" "$quickjs/quickjs.h" | grep -c 'js_count_\(up\|down\)(&')
    if [ "$calls" != 30 ] || grep -q 'interrupt_counter <=' "$quickjs/quickjs.c"; then
        echo "build.sh: immortal/quickjs.sed does not fit this QuickJS: it counts in $calls places, not 30, or it still" \
            "counts down to interrupts" >&2
        return 1
    fi
}

if [ "$what" = quickjs ]; then
    change_quickjs
    # shellcheck disable=SC2086 # the flags are several words
    compile_quickjs "${MUSL_GCC:-musl-gcc}" "$objects/small" $small &
    # No UBSAN: it reports how QuickJS computes with pointers and bits.
    [ -n "$RUN" ] || compile_quickjs "${CC:-gcc}" "$objects/asan" -g -O1 -fno-omit-frame-pointer -fsanitize=address
    wait
    exit 0
fi

js=$4 out=$5
work=$objects/work
sources="$native/main.c $native/linux.c $native/method.c $native/text.c $native/no-math.c $heap/heap.c $heap/make.c"
mkdir -p "$work" "$out/bin" "$out/asan" "$out/quickjs" "$out/lib" "$out/runit"
cp -P "$objects/runit/"* "$out/runit/"
mv "$out/runit/taken" "$work/taken"

# shellcheck disable=SC2046,SC2086 # flags, sources and objects are lists of words
{
    # The QuickJS that compiles the bytecode must be the one that runs it.
    ${MUSL_GCC:-musl-gcc} $common -O1 -static "$native/compile.c" $(quickjs_objects small) -lm -o "$work/compile"

    # program NAME SOURCES DEFINES...: the static binary of JS/NAME.js and its sanitizer twin.
    program() {
        name=$1 more=$2
        shift 2
        $RUN "$work/compile" <"$js/$name.js" >"$work/$name.script"
        : >"$work/rehearsal"
        if [ -e "$js/$name-rehearsal.js" ]; then
            $RUN "$work/compile" <"$js/$name-rehearsal.js" >"$work/rehearsal"
        fi

        # Saves the heap: saved-heap/README.md.
        link() { # DEFINES...
            ${MUSL_GCC:-musl-gcc} $common $own $small "$@" -I"$native" -static -Wl,--gc-sections -Wl,-z,norelro \
                -Wl,--build-id=none -Wl,--trace $sources $more "$heap/save.c" \
                $(quickjs_objects small) -lm -o "$work/unsaved" >>"$work/taken"
        }
        link "$@"
        step() { # STEP
            $RUN "$work/unsaved" "$1" <"$work/$name.script" 4<"$work/rehearsal"
        }
        step lifetimes >"$work/profile"
        link "$@" $(head -n 1 "$work/profile")
        step image 3<"$work/profile" >"$work/heap"
        ${OBJCOPY:-objcopy} --strip-all --update-section heap_image="$work/heap" "$work/unsaved" "$out/bin/$name"

        [ -z "$RUN" ] || return 0
        ${CC:-gcc} $common $own $checked "$@" -DSANITIZED -DSCRIPT="\"$work/$name.script\"" -I"$native" \
            -Wl,--dynamic-linker=/binary/loader -Wl,-rpath,/binary -static-libasan -static-libubsan \
            $sources $more $(quickjs_objects asan) -lm \
            -o "$out/asan/$name"
    }
    program baseimage ""
    program host-tools "$native/host.c" -DHOST_TOOLS

    # The tests mount asan/ on /binary. With this loader and these libraries the twins run where libc is older.
    [ -n "$RUN" ] || ldd "$out/asan/baseimage" | sed -n 's/^\t\([^ ]* => \)\{0,1\}\(\/[^ ]*\) .*/\2/p' |
        while read -r library; do
            cp -L "$library" "$out/asan/"
            case $library in */ld-linux*) cp -L "$library" "$out/asan/loader" ;; esac
        done

    ${CC:-gcc} -std=gnu11 -D_GNU_SOURCE $own $module "$native/pam.c" -lpam -o "$out/lib/pam_container_environment.so"
    chmod 644 "$out/lib/pam_container_environment.so"

    ${MUSL_GCC:-musl-gcc} $common $own -Os -static "$native/run-tests.c" $(quickjs_objects small) -lm \
        -o "$out/quickjs/run"
}

# --trace lists the files that were linked. The C library's and the compiler's belong to packages.
sed 's/^(\(.*\)).*/\1/' "$work/taken" | grep '^/usr/' | while read -r file; do readlink -f "$file"; done | sort -u |
    while read -r file; do dpkg-query --search "$file"; done | sed 's/: .*//' | sort -u |
    while read -r package; do
        dpkg-query --show --showformat '${source:Package} ${source:Version}|${Built-Using}\n' "$package"
    done | sed 's/.*|\([^ ]*\) (= \([^)]*\)).*/\1 \2/; s/|//' | sort -u >"$out/linked" # Built-Using: cross compilers
