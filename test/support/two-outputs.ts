/**
 * What a program has written to its two outputs.
 *
 * A pipe brings pieces, and two pipes bring them in any order: half a line of one output can come before a line of the
 * other. So `both` has whole lines in the order of their arrival, and then what has no end of line yet.
 */
export class TwoOutputs {
  stdout = "";
  stderr = "";
  #lines = "";
  readonly #rests: { text: string }[] = [];

  /** A function that takes the pieces of one stream. Several streams can belong to the same output. */
  taker(name: "stdout" | "stderr"): (piece: string) => void {
    const rest = { text: "" };
    this.#rests.push(rest);
    return (piece) => {
      this[name] += piece;
      const end = piece.lastIndexOf("\n") + 1;
      if (end === 0) {
        rest.text += piece;
        return;
      }
      this.#lines += rest.text + piece.slice(0, end);
      rest.text = piece.slice(end);
    };
  }

  get both(): string {
    return this.#lines + this.#rests.map(({ text }) => text).join("");
  }

  /**
   * Looks for a sign in both outputs, and in each alone: lines that follow each other in one can have lines of the other
   * between them in `both`.
   */
  find(sign: RegExp): RegExpExecArray | undefined {
    return sign.exec(this.both) ?? sign.exec(this.stdout) ?? sign.exec(this.stderr) ?? undefined;
  }
}

/** A text as the pattern that matches it. */
export function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
