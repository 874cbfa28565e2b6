#!/bin/sh
# Runs test/modern, or the test files in its arguments, in a machine of its own: engines of today on Debian SUITE, with
# control groups v2 and AppArmor, by User-mode Linux. IMAGE and SUITE come from the environment.
#
# All that this starts is in one PID namespace and ends with it.
set -eu

CDPATH='' cd "$(dirname "$0")/.."
suite=${SUITE:-testing}
machine=build/modern/$suite
web=baseimage-modern-web
# Twenty minutes are what it may take; nobody waits longer.
limit_seconds=${LIMIT_SECONDS:-1500}

main() {
  [ "${ENGINE:-docker}" = docker ] || fail "the image must be one of Docker's"
  SUITE=$suite sh scripts/modern-machine.sh
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  make_images
  bundle "$@"

  # Consoles must be pipes: User-mode Linux waits for them with epoll(7).
  rm -f "$machine/output" "$machine/console"
  mkfifo "$machine/output" "$machine/console"
  tee "$machine/output.log" < "$machine/output" | node scripts/follow.mjs "test-modern: in the machine" &
  listener=$!
  cat < "$machine/console" > "$machine/console.log" &
  # It dies with this script, and with it all that it has started.
  setpriv --pdeathsig KILL -- unshare --mount --pid --fork --kill-child sh "$0" in-namespaces "$limit_seconds" \
    > "$machine/console" 2>&1 < /dev/null 3> "$machine/output" &
  booted=$!
  status=0
  wait "$booted" || status=$?
  booted=
  wait "$listener"

  case $(tail -n 1 "$machine/output.log") in
    "test-modern: passed") ;;
    "test-modern: failed") exit 1 ;;
    *)
      tail -n 20 "$machine/console.log" >&2
      [ "$status" -ne 137 ] || fail "it was not done after $limit_seconds s (its console: $machine/console.log)"
      fail "the machine ended before its tests (its console: $machine/console.log)"
      ;;
  esac
}

say() { echo "test-modern: $*" >&2; }
step() { # TEXT COMMAND...
  text=$1
  shift
  sh scripts/step.sh build/modern/images.log "test-modern: $text" "$@"
}
fail() {
  say "$*"
  exit 1
}

# The image, and two versions of examples/web on it, as the machine's engines load them. They are built here, as the
# machine has no network.
make_images() {
  sources="$IMAGE $(docker image inspect --format '{{.Id}}' "$IMAGE") $(cat examples/web/* | sha256sum)"
  [ "$(cat build/modern/images-of 2> /dev/null)" != "$sources" ] || return 0
  rm -f build/modern/images-of
  for version in 1 2; do
    step "building $web:$version" \
      docker build --force-rm --build-arg "BASEIMAGE=$IMAGE" --build-arg "VERSION=$version" --tag "$web:$version" examples/web
  done
  step "saving $IMAGE" docker save --output build/modern/image.tar "$IMAGE"
  step "saving $web" docker save --output build/modern/images.tar "$IMAGE" "$web:1" "$web:2"
  chmod 644 build/modern/image.tar build/modern/images.tar
  docker rmi "$web:1" "$web:2" > /dev/null
  echo "$sources" > build/modern/images-of
}

# The tests, for the machine's Node.
bundle() {
  [ $# -gt 0 ] || set -- test/modern test/core test/e2e/anywhere.test.ts
  : > build/modern/tests
  : > build/modern/matrix
  for path; do
    list=tests
    [ "$path" != test/e2e/anywhere.test.ts ] || list=matrix
    node scripts/test.mjs --bundle "$path" >> "build/modern/$list"
  done
}

# Process 1 of the namespace: when it ends, so does the rest.
in_namespaces() {
  kernel=$machine/kernel
  mount --rbind /dev "$kernel/dev"
  # The machine's memory is a file in here.
  mount -t tmpfs -o mode=1777,size=5g tmpfs "$kernel/dev/shm"
  mount -t proc proc "$kernel/proc"
  mount --bind . "$kernel/repository"
  mount --bind "$machine" "$kernel/machine"
  rm -f "$machine/cow"
  exec timeout --signal KILL "$1" chroot "$kernel" /usr/bin/linux.uml mem=4G uml_dir=/dev/shm \
    ubd0=/machine/cow,/machine/disk.ext4 \
    root=/dev/ubda rw rootflags=nobarrier con=null con0=null,fd:1 ssl=null ssl0=null,fd:3 \
    apparmor=1 security=apparmor systemd.mask=emergency.service "IMAGE=$IMAGE" "TEST_PATIENCE=${TEST_PATIENCE:-5}"
}

clean_up() {
  if [ -n "${booted:-}" ]; then
    kill -KILL "$booted" 2> /dev/null || true
    wait "$listener" || true # it takes its line away
  fi
  rm -f "$machine/output" "$machine/console" "$machine/cow"
  docker rmi "$web:1" "$web:2" > /dev/null 2>&1 || true
}

if [ "${1:-}" = in-namespaces ]; then in_namespaces "$2"; else main "$@"; fi
