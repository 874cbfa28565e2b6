import { SERVICES } from "../../container/runsv.ts";
import { SCRIPTS } from "../../container/scripts.ts";
import { listServices } from "../../container/service-list.ts";
import type { Check } from "./check.ts";
import { filesIn, textOf } from "./files.ts";

/** Files that other images need and this one does not: where, two words in them, what to do. docs/migrating.md has them, too. */
export const FOREIGN: readonly (readonly [place: string, word: string, other: string, advice: string])[] = [
  ["run", "tail ", "/var/log/syslog", "docker logs shows each message twice; delete the service"],
  [SCRIPTS.startup, "touch ", "/etc/cron", "this image needs no touch of crontabs; delete the line"],
  [SCRIPTS.startup, "/etc/container_environment/HOME", "", "my_init keeps HOME without a file for it; delete the line"],
  ["/etc/logrotate.d", "systemctl ", "", "the image has no systemd; use sv hup NAME"],
  ["/etc/logrotate.d", "rsyslog-rotate", "", "the image has no systemd; use sv hup rsyslog"],
];

/** What images for phusion/baseimage or systemd have, and what has no use here. */
export const migration: Check = (linux, add) => {
  const services = listServices(linux, SERVICES).services.map((name) => `${SERVICES}/${name}`);
  for (const directory of [SCRIPTS.startup, "/etc/logrotate.d", ...services]) {
    for (const { name, path } of filesIn(linux, directory)) {
      const text = textOf(linux, path);
      for (const [place, word, other, reason] of FOREIGN) {
        if ((place === directory || place === name) && text.includes(word) && text.includes(other))
          add("warning", path, reason);
      }
    }
  }
};
