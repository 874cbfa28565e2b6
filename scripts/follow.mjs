// follow.mjs TEXT: copies standard input to standard output, and says for how long. At a terminal, one line below the copy
// moves: TEXT, the time, and the newest line.
import { createInterface } from "node:readline";
import { duration, ERASE, isTerminal, movingLine } from "./progress.mjs";

const [, , text = ""] = process.argv;
const isMoving = isTerminal(process.stdout);
const began = performance.now();
let newest = "";

const elapsed = () => `${text}: ${duration(performance.now() - began)}`;
function draw() {
  const { columns } = process.stdout;
  if (isMoving) process.stdout.write(movingLine(`${elapsed()}${newest && `, ${newest}`}`, columns));
}

// Ctrl-C ends what writes to standard input, and so the loop.
process.on("SIGINT", () => {});
draw();
const timer = setInterval(draw, 1000);
for await (const line of createInterface(process.stdin)) {
  newest = line.trim();
  process.stdout.write(`${isMoving ? ERASE : ""}${line}\n`);
  draw();
}
clearInterval(timer);
process.stdout.write(`${isMoving ? ERASE : ""}${elapsed()}\n`);
