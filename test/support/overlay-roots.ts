// Bases for the overlay, made here: one Debian, and three roots that lack what a Debian has.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { image, run } from "./container.ts";

/** The overlay of the image under test. */
export const overlay = `${image}-overlay`;

/** Where the compilers are: a stage of the build. */
const architecture = process.env["EMULATED"] ? `-${process.env["ARCH"]}` : "";
const toolchain = `${image.slice(0, image.lastIndexOf(":"))}-binary${architecture}`;

/** Lines of a Dockerfile that make each root. `DEBIAN_12` and `DEBIAN_13` are names of images. */
const ROOTS = {
  "one static program": "FROM scratch",
  "busybox without libc": `FROM scratch
COPY --from=busybox /usr/bin/busybox /bin/busybox
RUN ["/bin/busybox", "--install", "/bin"]`,
  "Debian 12": "FROM DEBIAN_12",
  "/usr/sbin is a link": `FROM DEBIAN_13
RUN cp -an /usr/sbin/. /usr/bin/ && rm -r /usr/sbin && ln -s bin /usr/sbin`,
} as const;

export type Root = keyof typeof ROOTS;
/** By an emulator only one: the programs are the same on all. */
export const roots = architecture === "" ? (Object.keys(ROOTS) as Root[]) : (["busybox without libc"] as const);

/** Services, hooks and files of the images, all static: `app` stands for the program of fixtures/overlay-app.c. */
const FILES: Readonly<Record<string, string>> = {
  "/app": "app",
  "/secret": "hush\n",
  "/etc/my_init.d/10_first": "app",
  "/etc/my_init.pre_shutdown.d/bye": "app",
  "/etc/my_init.post_shutdown.d/end": "app",
  "/etc/service/web/run": "app",
  "/etc/service/web/log/run": "app",
  "/etc/service/web/finish": "app",
  "/etc/service/web/check": "app",
  "/etc/service/web/healthy": "",
  "/etc/service/api/run": "app",
  "/etc/service/api/needs": "web\n",
  "/etc/service/api/stop-signal": "QUIT\n",
  "/etc/service/main/run": "app",
  "/etc/service/main/finish": "app",
  "/etc/service/main/exit": "9",
  "/etc/service/main/essential": "",
  "/etc/service/main/down": "",
  "/etc/service/flaky/run": "app",
  "/etc/service/flaky/exit": "3",
  "/etc/service/flaky/restart": "give-up 2 60\n",
  "/etc/service/flaky/down": "",
};

/** Builds an image for each root: the root, the overlay, and the services. @returns their names, to be removed */
export async function buildRoots(): Promise<Readonly<Record<string, string>>> {
  const names: Record<string, string> = {};
  for (const [index, root] of roots.entries()) {
    const name = `baseimage-test:overlay-${index}-${process.pid}`;
    const lines = `COPY --from=${overlay} / /\nCOPY --from=app /x/ /\nENTRYPOINT ["/usr/bin/my_init"]`;
    await onRoot(root, lines, {}, async (directory) => {
      const { status, stdout, stderr } = await run(["build", "--force-rm", "--tag", name, directory], {
        withinMs: 900_000,
      });
      if (status !== 0) throw new Error(`cannot build ${name}:\n${stdout}${stderr}`);
    });
    names[root] = name;
  }
  return names;
}

/**
 * Calls `act` with a directory that has a Dockerfile: the root, then `lines`. `COPY --from=app /app ...` gives the program
 * of fixtures/overlay-app.c.
 *
 * @param files executables beside the Dockerfile, by name
 */
export async function onRoot<Result>(
  root: Root,
  lines: string,
  files: Readonly<Record<string, string>>,
  act: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-overlay-"));
  try {
    const program = readFileSync("test/fixtures/overlay-app.c", "utf8");
    for (const [name, content] of Object.entries({ ...files, "overlay-app.c": program }))
      writeFileSync(join(directory, name), content, { mode: 0o755 });
    writeFileSync(join(directory, "Dockerfile"), `${stagesOf(root)}\n${lines}\n`);
    return await act(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Stages with the program, its services in /x and busybox; the last one is the root. */
function stagesOf(root: Root): string {
  const lines = Object.entries(FILES).map(([path, content]) => {
    const file = `/x${path}`;
    const make = content === "app" ? `cp /app ${file}` : `printf '${content.replaceAll("\n", "\\n")}' > ${file}`;
    return `mkdir -p ${file.slice(0, file.lastIndexOf("/"))} && ${make}`;
  });
  const busybox = `FROM DEBIAN_13 AS busybox
RUN apt-get -q update && apt-get -qy install --no-install-recommends busybox-static`;
  const stages = `FROM ${toolchain} AS app
COPY overlay-app.c /
RUN if [ -e /src/native/cross.env ]; then . /src/native/cross.env; fi && \${MUSL_GCC:-musl-gcc} -Os -s -static -Wall -Wextra -Werror -o /app /overlay-app.c
RUN ${lines.join(" && \\\n  ")}
${ROOTS[root].includes("--from=busybox") ? busybox : ""}
${ROOTS[root]}`;
  return stages.replaceAll(/DEBIAN_(12|13)/g, (_, release) => debianImage(`debian:${release}`));
}

/** The name of an image for `debian:12` or `debian:13`, which may be made here. */
export function debianImage(name: string): string {
  return execFileSync("sh", ["scripts/base-image.sh", name], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}
