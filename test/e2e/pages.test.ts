// README.md, docs/guide.md and the examples of docs/reference: each command is typed at a terminal, and shows what the
// page shows.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { engine } from "../support/container.ts";
import { type Block, blocks, chapters } from "../support/page.ts";
import { released, removeImages, TypedPage } from "../support/typed-page.ts";

/** The pages, and how many blocks of commands each has at least. */
const PAGES = { "README.md": 4, "docs/guide.md": 30 };

const isRoot = process.getuid?.() === 0;
const otherEngine = engine !== "docker" && "the pages say docker";

/** An image of the page that a registry has, and the image that stands for it here. */
function bases(): Readonly<Record<string, string>> {
  const debian = execFileSync("sh", ["scripts/base-image.sh", "debian:13"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return { "debian:13": debian.trim() };
}

after(removeImages);

/** Types the blocks of one chapter. */
function type(title: string, all: readonly Block[]): void {
  const needsRoot = all.some(({ text }) => /^(?:\$ )?sudo /m.test(text)) && !isRoot;
  test(title, { skip: otherEngine || (needsRoot && "needs root"), timeout: 400_000 }, async (t) => {
    const shell = await TypedPage.open(t, all, bases());
    for (const block of all) {
      if (block.notTyped === undefined) await shell.block(block);
      else await t.test(block.text.split("\n")[0] ?? "", { skip: block.notTyped }, () => {});
    }
    await shell.close();
  });
}

for (const [path, least] of Object.entries(PAGES)) {
  describe(path, { concurrency: 4 }, () => {
    const typed = chapters(readFileSync(path, "utf8")).map(({ title, text }) => ({ title, all: blocks(text) }));
    const commands = typed.flatMap(({ all }) => all).filter(({ language }) => language === "indented");
    assert.ok(commands.length >= least, `${path} has ${commands.length} blocks of commands`);
    for (const { title, all } of typed.filter((chapter) => chapter.all.length > 0)) type(title, all);
  });
}

describe("docs/reference", { concurrency: 4 }, () => {
  for (const page of readdirSync("docs/reference")) {
    const example = chapters(readFileSync(`docs/reference/${page}`, "utf8")).find(({ title }) => title === "Example");
    const all = blocks(example?.text ?? "");
    assert.ok(
      all.some(({ language }) => language === "indented"),
      `${page} has no command in its example`,
    );
    type(page, all);
  }
});

describe("a wrong page is red:", { skip: otherEngine }, () => {
  const typing = async (t: Parameters<typeof TypedPage.open>[0], page: string) => {
    const all = blocks(page);
    const shell = await TypedPage.open(t, all);
    for (const block of all) await shell.block(block);
    await shell.close();
  };
  test("another output, a command that fails, a block without a path, another shell", async (t) => {
    await typing(t, "    $ echo one; echo 2 s\n    one\n    17 s\n");
    await typing(t, "    $ printf 'a\\nb\\nc\\n'\n    a\n    ...\n    $ false; echo $?\n    1\n");
    await assert.rejects(typing(t, "    $ echo one\n    two\n"), /the page shows:\ntwo\nthe terminal shows:\none$/);
    await assert.rejects(typing(t, "    $ echo one\n    one\n    two\n"), /the page shows:/);
    await assert.rejects(typing(t, "    $ false\n"), /exit status 1/);
    await assert.rejects(typing(t, "    false\n"), /exit status 1/);
    await assert.rejects(typing(t, "```sh\necho hello\n```\n"), /no path/);
    await assert.rejects(typing(t, "    # echo hello\n"), /another shell/);
  });
  test("a container that the page leaves behind", async (t) => {
    const leaves = `    $ docker run -d --name demo ${released} sleep 100\n`;
    await typing(t, `${leaves}    $ docker rm -f demo\n    demo\n`);
    await assert.rejects(typing(t, leaves), /does not stop all its containers/);
  });
});
