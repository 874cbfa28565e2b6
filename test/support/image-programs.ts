import type { Applet, PrivateApplet } from "../../src/container/applets.ts";

/** Each program of the image's binary, and where it is in the image. The Dockerfile makes the links. */
export const imagePrograms: Readonly<Record<Exclude<Applet, PrivateApplet>, string>> = {
  my_init: "/usr/sbin/my_init",
  setuser: "/usr/sbin/setuser",
  container_exit: "/usr/sbin/container_exit",
  container_health: "/usr/sbin/container_health",
  container_lint: "/usr/sbin/container_lint",
  container_status: "/usr/sbin/container_status",
  boot_report: "/usr/sbin/boot_report",
  "workaround-docker-2267": "/usr/bin/workaround-docker-2267",
  log_lines: "/usr/lib/baseimage/log_lines",
  runsv: "/usr/lib/baseimage/runsv",
  sv: "/usr/bin/sv",
  "service-control": "/usr/lib/baseimage/service-control",
  "essential-finish": "/usr/lib/baseimage/essential-finish",
};
