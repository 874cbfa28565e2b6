// One table for two runits: the distribution's, in the image, and ours, of the overlay (native/runit.sh). Each row must
// give the same answer with both, so that all that is built on runit is true of both.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { describe, test } from "node:test";

import { readState } from "../../src/container/runsv.ts";
import type { Linux } from "../../src/linux/linux.ts";
import { dockerEnv, makeView, processRing, runInit, type View } from "../support/process.ts";

const ours = resolve(process.env["RUNIT_DIR"] || "build/runit");

/** A directory in which each program has its own name, and shell lines that fill it: the view's root is in $root. */
const RUNITS = {
  "the distribution's runit": `mkdir "$root/runit"
    for program in runsvdir runsv chpst svlogd; do ln -s "/usr/bin/$program" "$root/runit/$program"; done
    ln -s /usr/bin/sv.distrib "$root/runit/sv"`,
  "our runit": `mkdir "$root/runit" && mount --bind '${ours}' "$root/runit"`,
};

/** Functions for the rows. A row's answer is its output, with N for each PID and each number of seconds. */
const FUNCTIONS = `
set --
export SVWAIT=50 # for a busy machine
# service NAME FILE LINES...: makes /srv/NAME; LINES are the content of an executable FILE.
service() {
  name=$1
  shift
  mkdir -p "/srv/$name"
  cd "/srv/$name"
  while [ $# -ge 2 ]; do
    mkdir -p "$(dirname "$1")"
    printf '#!/bin/sh\\n%s\\n' "$2" > "$1"
    chmod 755 "$1"
    shift 2
  done
  cd /srv
}
# A line that another process appends to /seen.
await() { until grep -qsxF -- "$1" /seen; do sleep 0.02; done; }
# The state of a service, in the words of the file stat. runsv writes the file status last.
await_stat() {
  until [ "$(cat "/srv/$1/supervise/stat" 2> /dev/null)" = "$2" ]; do sleep 0.02; done
  while [ "/srv/$1/supervise/status" -ot "/srv/$1/supervise/stat" ]; do sleep 0.02; done
}
# start NAME: a runsv, which listens.
start() {
  env --default-signal runsv "$1" & # a shell's background ignores INT and QUIT
  until [ -p "/srv/$1/supervise/ok" ]; do sleep 0.02; done
  until sv status "/srv/$1" > /dev/null; do sleep 0.02; done
}
# save NAME STATE: what runsv says of the service now.
save() {
  mkdir -p "/saved/$2"
  cp "/srv/$1/supervise/status" "/srv/$1/supervise/pid" "/saved/$2"
}
say() { "$@" 2>&1 | sed 's/(pid [0-9]*)/(pid N)/g; s/ [0-9]*s/ Ns/g'; }
says_status() { "$@" > /dev/null 2>&1 && echo 0 || echo $?; }
cd /srv
`;

/** What a service does that ends only by KILL, or by its TERM. */
const SLEEPS = "echo up >> /seen; exec sleep 1000";

type Row = {
  readonly lines: string;
  readonly answer: string;
  /** What the program of ours that reads it finds in each saved status. The PID is compared with runsv's file pid. */
  readonly states?: Readonly<Record<string, string>>;
};

const TABLE: Readonly<Record<string, Row>> = {
  "finish gets the exit code and 0, or -1 and the signal; 111 is a run that cannot be started": {
    lines: `
      ends() { service "$1" run "$2" finish 'echo "$1 $2" >> "$PWD.ends"; sv down "$PWD"'; start "$1" 2> /dev/null
        until [ -s "/srv/$1.ends" ]; do sleep 0.02; done; head -n 1 "/srv/$1.ends"; }
      ends zero 'exit 0'
      ends three 'exit 3'
      ends high 'exit 255'
      ends term 'kill -TERM $$'
      ends kill 'kill -KILL $$'
      service missing finish 'echo "$1 $2" >> "$PWD.ends"; sv down "$PWD"'
      start missing 2> /dev/null
      until [ -s /srv/missing.ends ]; do sleep 0.02; done
      head -n 1 /srv/missing.ends`,
    answer: "0 0\n3 0\n255 0\n-1 15\n-1 9\n111 0\n",
  },
  "a service starts again when it has ended, after its finish": {
    lines: `
      service web run 'echo run >> /seen; [ "$(grep -c run /seen)" -lt 3 ] || exec sleep 1000' finish 'echo finish >> /seen'
      start web
      until [ "$(grep -c run /seen)" = 3 ]; do sleep 0.02; done
      cat /seen`,
    answer: "run\nfinish\nrun\nfinish\nrun\n",
  },
  "the log service gets the standard output of run, finish and control, to the end": {
    lines: `
      service web run 'trap "echo last; exit" TERM; echo first; echo up >> /seen; while :; do sleep 0.02; done' \\
        finish 'echo finish' control/t 'echo control; exit 1' log/run 'echo log >> /seen; exec cat > /srv/web.log'
      start web
      await up
      await log
      await_stat web run
      await_stat web/log run
      say sv status /srv/web
      sv exit /srv/web
      wait
      cat /srv/web.log`,
    answer: "run: /srv/web: (pid N) Ns; run: log: (pid N) Ns\nfirst\ncontrol\nlast\nfinish\n",
  },
  "a log service that ends starts again, and the output waits in the pipe": {
    lines: `
      service web run 'while ! [ -e /go ]; do sleep 0.02; done; echo first; echo up >> /seen; exec sleep 1000' \\
        log/run '[ -e /go ] || { echo early >> /seen; exit; }; read -r line; echo "$line" >> /seen; exec cat'
      start web
      await early
      : > /go
      await first
      echo "first came"`,
    answer: "first came\n",
  },
  "down: the service is started only when it is asked for": {
    lines: `
      service web run '${SLEEPS}'
      : > web/down
      start web
      say sv status /srv/web
      save web down
      sv up /srv/web
      await up
      await_stat web run
      say sv status /srv/web`,
    answer: "down: /srv/web: Ns\nrun: /srv/web: (pid N) Ns, normally down\n",
    states: { down: "down" },
  },
  "control/t that exits with 0 replaces TERM": {
    lines: `
      service web run 'trap "echo TERM >> /seen" TERM; trap "echo USR1 >> /seen; exit" USR1; echo up >> /seen; while :; do sleep 0.02; done' \\
        control/t 'kill -USR1 "$(cat supervise/pid)"' control/d 'echo d >> /seen'
      start web
      await up
      await_stat web run
      sv down /srv/web
      await_stat web down
      sort /seen`,
    answer: "USR1\nd\nup\n",
  },
  "control/t that fails is followed by TERM": {
    lines: `
      service web run 'trap "echo TERM >> /seen; exit" TERM; echo up >> /seen; while :; do sleep 0.02; done' \\
        control/t 'echo t >> /seen; exit 1' control/x 'echo x >> /seen'
      start web
      await up
      sv exit /srv/web
      wait
      sort /seen`,
    answer: "TERM\nt\nup\nx\n",
  },
  "control scripts take the place of each signal, and u runs before run": {
    lines: `
      for letter in u h i q 1 2 a p c k; do set -- "$@" "control/$letter" "echo $letter >> /seen"; done
      service web run '${SLEEPS}' "$@"
      start web
      await up
      for word in hup interrupt quit 1 2 alarm pause cont kill; do sv $word /srv/web; done
      await k
      cat /seen`,
    answer: "u\nup\nh\ni\nq\n1\n2\na\np\nc\nk\n",
  },
  "signals reach the service": {
    lines: `
      service web run 'for s in HUP INT QUIT USR1 USR2 ALRM; do trap "echo $s >> /seen" $s; done; echo up >> /seen; while :; do sleep 0.02; done'
      start web
      await up
      for pair in hup:HUP interrupt:INT quit:QUIT 1:USR1 2:USR2 alarm:ALRM; do sv \${pair%:*} /srv/web; await \${pair#*:}; done
      cat /seen`,
    answer: "up\nHUP\nINT\nQUIT\nUSR1\nUSR2\nALRM\n",
  },
  "check: sv check and sv start wait for it": {
    lines: `
      service web run '${SLEEPS}' check '[ -e /ready ]'
      start web
      await up
      await_stat web run
      say sv -w 1 check /srv/web
      says_status sv -w 1 check /srv/web
      says_status sv -w 1 start /srv/web
      : > /ready
      say sv check /srv/web
      says_status sv check /srv/web
      say sv start /srv/web`,
    answer:
      "timeout: run: /srv/web: (pid N) Ns\n1\n1\n" +
      "ok: run: /srv/web: (pid N) Ns\n0\nok: run: /srv/web: (pid N) Ns\n",
  },
  "the 20 bytes of status, the file stat and the words of sv say the same of each state": {
    lines: `
      show() { save web "$1"; cat web/supervise/stat; say sv status /srv/web; wc -c < web/supervise/status; }
      service web run 'trap "" TERM; ${SLEEPS}' finish 'until [ -e /go ]; do sleep 0.02; done'
      start web
      await up
      await_stat web run
      show up
      sv pause /srv/web
      await_stat web 'run, paused'
      show paused
      sv cont /srv/web
      await_stat web run
      sv term /srv/web
      await_stat web 'run, got TERM'
      show term
      sv down /srv/web
      await_stat web 'run, got TERM, want down'
      show unwanted
      sv kill /srv/web
      await_stat web 'finish, want down'
      show finishing
      : > /go
      await_stat web down
      show down
      rm /go /seen
      sv once /srv/web
      await up
      await_stat web 'run, want down'
      show once`,
    answer: [
      ["run", "run: /srv/web: (pid N) Ns"],
      ["run, paused", "run: /srv/web: (pid N) Ns, paused"],
      ["run, got TERM", "run: /srv/web: (pid N) Ns, got TERM"],
      ["run, got TERM, want down", "run: /srv/web: (pid N) Ns, want down, got TERM"],
      ["finish, want down", "finish: /srv/web: (pid N) Ns, want down"],
      ["down", "down: /srv/web: Ns, normally up"],
      ["run, want down", "run: /srv/web: (pid N) Ns, want down"],
    ]
      .map(([stat, words]) => `${stat}\n${words}\n20\n`)
      .join(""),
    states: {
      up: "up, wanted",
      paused: "up, paused, wanted",
      term: "up, wanted",
      unwanted: "up",
      finishing: "finishing",
      down: "down",
      once: "up",
    },
  },
  "once: the service runs, and does not start again": {
    lines: `
      service web run 'echo up >> /seen; until [ -e /go ]; do sleep 0.02; done; exit 1'
      : > web/down
      start web
      sv once /srv/web
      await up
      await_stat web 'run, want down'
      : > /go
      await_stat web down
      say sv status /srv/web
      cat /seen`,
    answer: "down: /srv/web: Ns\nup\n",
  },
  "exit and TERM: runsv ends with 0 after its service; KILL leaves the service alone": {
    lines: `
      service web run '${SLEEPS}'
      : > /seen
      start web; await up; sv exit /srv/web; wait $!; echo $?; says_status sv status /srv/web
      : > /seen
      start web; await up; kill $!; wait $!; echo $?; kill -0 "$(cat web/supervise/pid)" 2> /dev/null || echo gone
      : > /seen
      start web; await up; await_stat web run; kill -KILL $!; wait $! 2> /dev/null; kill -0 "$(cat web/supervise/pid)" && echo alive`,
    answer: "0\n1\n0\ngone\nalive\n",
  },
  "a second runsv of a service fails": {
    lines: `
      service web run '${SLEEPS}'
      start web
      await up
      says_status runsv web
      says_status runsv nowhere
      says_status runsv
      cat /seen`,
    answer: "111\n111\n1\nup\n",
  },
  "stop, force-stop and restart wait; force-stop kills what ignores TERM": {
    lines: `
      service web run '${SLEEPS}'
      service deaf run 'trap "" TERM; echo deaf >> /seen; exec sleep 1001'
      start web
      start deaf
      await up
      await deaf
      await_stat web run
      await_stat deaf run
      say sv stop /srv/web
      say sv start /srv/web
      say sv restart /srv/web
      say sv -w 1 stop /srv/deaf
      says_status sv -w 1 force-stop /srv/deaf
      await_stat deaf down
      say sv status /srv/deaf
      say sv -w 5 force-stop /srv/web
      say sv -w 5 shutdown /srv/web
      says_status sv force-stop /srv/deaf`,
    answer: [
      "ok: down: /srv/web: Ns, normally up",
      "ok: run: /srv/web: (pid N) Ns",
      "ok: run: /srv/web: (pid N) Ns",
      "timeout: run: /srv/deaf: (pid N) Ns, want down, got TERM",
      "1",
      "down: /srv/deaf: Ns, normally up",
      "ok: down: /srv/web: Ns, normally up",
      "ok: /srv/web: runsv not running",
      "0",
      "",
    ].join("\n"),
  },
  "sv: without SVDIR in /etc/service, with it there; its exit status counts the failures": {
    lines: `
      service web run '${SLEEPS}'
      service db run 'exec sleep 1002'
      ln -s /srv/web /etc/service/web
      start web
      start db
      await up
      await_stat web run
      await_stat db run
      say sv status web
      SVDIR=/srv say sv status db web
      says_status sv status web
      says_status sv status db
      says_status sv status no1 no2 web
      says_status sv
      cd /srv/web
      say sv status .`,
    answer: [
      "run: web: (pid N) Ns",
      "run: db: (pid N) Ns",
      "run: web: (pid N) Ns",
      "0",
      "1",
      "2",
      "100",
      "run: .: (pid N) Ns",
      "",
    ].join("\n"),
  },
  "chpst: user, groups, environment, session, limits": {
    lines: `
      mkdir /values
      printf 'plain' > /values/PLAIN
      printf 'with blanks \\t \\nsecond line\\n' > /values/BLANKS
      : > /values/UNSET
      head -c 5000 /dev/zero | tr '\\0' x > /values/LONG
      echo no > /values/.HIDDEN
      UNSET=1 chpst -e /values sh -c 'echo "$PLAIN|$BLANKS|\${UNSET-none}|\${#LONG}"'
      chpst -u daemon id
      chpst -u daemon:adm id
      chpst -u daemon:adm:mail id
      chpst -u :1234:2345 sh -c 'id -u; id -g; id -G'
      chpst -U daemon sh -c 'echo "$UID $GID $(id -u)"'
      chpst -P sh -c 'read -r pid name state parent group session rest < /proc/self/stat; [ $$ = "$session" ] && echo session'
      chpst -o 77 -n 5 sh -c 'ulimit -n; nice' > /tmp/limits
      echo "$(head -n 1 /tmp/limits) $(($(tail -n 1 /tmp/limits) - $(nice)))"
      chpst -0 sh -c '[ -e /proc/self/fd/0 ] && echo open || echo closed' < /dev/null
      chpst -/ /fixtures /missing > /dev/null 2>&1 && echo ran || echo failed
      says_status chpst -u nobody-of-this-name true
      says_status chpst
      says_status chpst /nowhere
      chpst sh -c 'exit 3' || echo $?`,
    answer: [
      "plain|with blanks|none|5000",
      "uid=1(daemon) gid=1(daemon) groups=1(daemon)",
      "uid=1(daemon) gid=4(adm) groups=4(adm)",
      "uid=1(daemon) gid=4(adm) groups=4(adm),8(mail)",
      "1234",
      "2345",
      "2345",
      "1 1 0",
      "session",
      "77 5",
      "closed",
      "failed",
      "111",
      "100",
      "111",
      "3",
      "",
    ].join("\n"),
  },
  "svlogd: current has each line with its time, and is rotated": {
    lines: `
      mkdir /log /small
      printf 'one\\ntwo\\n' | svlogd -tt /log
      sed 's/[0-9]/N/g' /log/current
      printf 'three\\n' | svlogd -ttt /log
      tail -n 1 /log/current | sed 's/[0-9]/N/g'
      printf 'four\\n' | svlogd -t /log
      tail -n 1 /log/current | sed 's/^@[0-9a-f]\\{24\\} /@TAI64N /'
      printf 's2100\\nn3\\n-*hidden*\\n' > /small/config
      for line in $(seq 1000); do echo "line $line has thirty characters"; echo "hidden $line"; done | svlogd /small
      tail -n 1 /small/current
      cat /small/@* /small/current | grep -vc '^line [0-9]* has thirty characters$'
      ls /small | grep -c '^@'
      stat -c %a /small/@* | sort -u
      stat -c %a /small/current
      says_status svlogd
      says_status svlogd /nowhere`,
    answer: [
      "NNNN-NN-NN_NN:NN:NN.NNNNN one",
      "NNNN-NN-NN_NN:NN:NN.NNNNN two",
      "NNNN-NN-NNTNN:NN:NN.NNNNN three",
      "@TAI64N four",
      "line 1000 has thirty characters",
      "0",
      "3",
      "744",
      "744",
      "111",
      "111",
      "",
    ].join("\n"),
  },
  "svlogd: HUP reads config again, ALRM rotates, TERM ends it after the lines that it has": {
    lines: `
      mkdir /log
      mkfifo /pipe
      svlogd -tt /log < /pipe &
      exec 5> /pipe
      echo one >&5
      until grep -qs one /log/current; do sleep 0.02; done
      kill -ALRM $!
      until ls /log | grep -q '^@'; do sleep 0.02; done
      echo two >&5
      until grep -qs two /log/current; do sleep 0.02; done
      kill -TERM $!
      wait $!
      echo $?
      cat /log/@* | sed 's/.* //'`,
    answer: "0\none\n",
  },
  "runsvdir: starts what is added, stops what is removed; TERM leaves services, HUP stops them": {
    lines: `
      service web run '${SLEEPS}'
      service db run 'echo db >> /seen; trap "echo db gone >> /seen; exit" TERM; while :; do sleep 0.02; done'
      mkdir /scan
      ln -s /srv/web /scan/web
      runsvdir -P /scan &
      await up
      ln -s /srv/db /scan/db
      await db
      await_stat db run
      read -r pid name state parent group session rest < "/proc/$(cat db/supervise/pid)/stat"
      [ "$session" = "$(cat /proc/$session/stat | cut -d ' ' -f 1)" ] && tr '\\0' ' ' < "/proc/$session/cmdline" && echo
      rm /scan/db
      await 'db gone'
      kill -TERM $!
      wait $!
      echo $?
      await_stat web run
      say sv status /srv/web
      sv exit /srv/web
      until ! sv status /srv/web > /dev/null; do sleep 0.02; done
      : > /seen
      runsvdir -P /scan &
      await up
      kill -HUP $!
      wait $!
      echo $?
      until ! sv status /srv/web > /dev/null; do sleep 0.02; done
      says_status runsvdir`,
    answer: "runsv db \n0\nrun: /srv/web: (pid N) Ns\n111\n1\n",
  },
  "runsvdir: a service for which there was no process is started when there is one": {
    lines: `
      service web run "echo up >> /seen; exec sleep 1000"
      : > /seen
      chmod 666 /seen
      chmod 777 web
      mkdir /scan
      ln -s /srv/web /scan
      setpriv --reuid 54321 --clear-groups prlimit --nproc=1:100 runsvdir -P /scan 2> /said &
      until grep -q fork /said; do sleep 0.02; done
      setpriv --reuid 54321 --clear-groups prlimit --pid $! --nproc=100
      await up
      echo up`,
    answer: "up\n",
  },
  "runsvdir: services on two file systems run both, also if their directories have one inode number": {
    lines: `
      for name in one two; do
        mkdir -p "/srv/$name"
        mount -t tmpfs tmpfs "/srv/$name"
        service "$name" run "echo $name >> /seen; exec sleep 1000"
      done
      [ "$(stat -c %i one)" = "$(stat -c %i two)" ] && echo same
      mkdir /scan
      ln -s /srv/one /srv/two /scan
      runsvdir -P /scan &
      await one
      await two
      echo both`,
    answer: "same\nboth\n",
  },
};

/** The state as our programs read it, in words. @see src/container/runsv.ts */
function stateWords(view: View, directory: string): string {
  const linux = { readFile: (path: string) => view.read(path), realtimeMs: () => Date.now() };
  const state = readState(linux as unknown as Linux, directory);
  assert.ok(typeof state === "object", directory);
  assert.equal(state.pid, Number(view.read(`${directory}/pid`)), `${directory}: the PID`);
  assert.ok(state.ageMs >= 0 && state.ageMs < 600_000, `${directory}: its age is ${state.ageMs}`);
  const words = [state.isDown ? "down" : state.isFinishing ? "finishing" : "up"];
  if (state.isPaused) words.push("paused");
  if (state.isWanted) words.push("wanted");
  return words.join(", ");
}

const missing = !existsSync(ours) && `${ours} is missing: make build`;

describe("runit", { ...processRing, skip: processRing.skip || missing }, () => {
  for (const [title, row] of Object.entries(TABLE))
    for (const [name, prepare] of Object.entries(RUNITS))
      test(`${name}: ${title}`, async (t) => {
        const view = await makeView(t, prepare);
        const { stdout, stderr } = await runInit(t, {
          view,
          env: { ...dockerEnv, PATH: `/runit:${dockerEnv["PATH"]}` },
          files: { "/row.sh": `${FUNCTIONS}\n${row.lines}\n` },
          wrapper: ["sh", "/row.sh"],
        });
        assert.equal(stdout, row.answer, stderr);
        const states = view.exists("/saved") ? view.list("/saved") : [];
        const found = Object.fromEntries(states.map((state) => [state, stateWords(view, `/saved/${state}`)]));
        assert.deepEqual(found, row.states ?? {});
      });
});
