#!/bin/sh
# Shows what the image is for: services that are kept alive, a one-shot command, a stop in order.
set -eu

engine=${ENGINE:-docker}
image=${IMAGE:-baseimage:latest}
name=baseimage-demo-$$

bold='' plain=''
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi

main() {
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM

  title 'A container with two services'
  # A derived image would COPY these two files; here a startup script writes them.
  "$engine" create --name "$name" "$image" > /dev/null
  startup_script | "$engine" cp - "$name:/etc/my_init.d/"
  "$engine" start "$name" > /dev/null
  wait_for 'web: listening' && wait_for 'worker: ready'
  show_new_lines
  in_container pstree -p 1

  title 'One is killed, and comes back'
  before=$(pid_of worker)
  echo "\$ kill -9 $before          # the worker"
  in_container kill -9 "$before"
  wait_for_another_worker "$before"
  show_new_lines
  in_container sv status /etc/service/web /etc/service/worker

  title "$engine stop: each service says goodbye"
  sleep 1.2 # runsv takes its time over a service that ends within a second of its start
  begin=$(now_ms)
  "$engine" stop "$name" > /dev/null
  took=$(($(now_ms) - begin))
  show_new_lines
  echo "stopped in $took ms, exit code $("$engine" inspect --format '{{.State.ExitCode}}' "$name")"

  title 'A one-shot command, with everything around it, and its own exit code'
  echo "\$ $engine run --rm -e WHO=you $image my_init --quiet -- sh -c 'echo \"Hello \$WHO\"; exit 7'"
  status=0
  # shellcheck disable=SC2016 # the container's shell expands it
  "$engine" run --rm -e WHO=you "$image" /sbin/my_init --quiet -- sh -c 'echo "Hello $WHO"; exit 7' || status=$?
  echo "exit code $status"

  echo
  echo "Now yours: $engine run --rm -it $image /sbin/my_init -- bash -l"
}

title() { printf '\n%s== %s%s\n' "$bold" "$1" "$plain"; }

in_container() { "$engine" exec "$name" "$@"; }

pid_of() { in_container cat "/etc/service/$1/supervise/pid"; }

now_ms() { echo $(($(date +%s%N) / 1000000)); }

log() { "$engine" logs "$name" 2>&1; }

wait_for() {
  tries=200
  until log | grep -qF "$1"; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
      log >&2
      echo "demo: '$1' did not come" >&2
      exit 1
    fi
    sleep 0.05
  done
}

# runit waits a second before it starts a service again that had just begun.
wait_for_another_worker() {
  tries=100
  until after=$(pid_of worker) && [ -n "$after" ] && [ "$after" != "$1" ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || break
    sleep 0.05
  done
  wait_for "worker: ready, PID $after"
}

shown=0
show_new_lines() {
  log | tail -n "+$((shown + 1))" | sed 's/^/  | /'
  shown=$(log | wc -l)
}

# A tar archive with the startup script in it, which is what `cp -` reads.
startup_script() {
  work=$(mktemp -d)
  cat > "$work/10_services" << 'SCRIPT'
#!/bin/sh
for service in web worker; do
  mkdir -p /etc/service/$service
done
cat > /etc/service/web/run << 'RUN'
#!/bin/bash
trap 'echo "web: last request answered, goodbye"; exit' TERM
echo "web: listening, PID $$"
while :; do sleep 1000 & wait $!; done
RUN
cat > /etc/service/worker/run << 'RUN'
#!/bin/bash
trap 'echo "worker: job put back into the queue, goodbye"; exit' TERM
echo "worker: ready, PID $$"
while :; do sleep 1000 & wait $!; done
RUN
chmod +x /etc/service/*/run
SCRIPT
  chmod 755 "$work/10_services"
  tar -C "$work" --owner=0 --group=0 -c 10_services
  rm -rf "$work"
}

clean_up() { "$engine" rm --force --volumes "$name" > /dev/null 2>&1 || true; }

main
