/** In bytes. Longer lines are cut: the reader of the log has to keep a line in memory, too. */
export const LONGEST_LINE = 262_144;

/** A part of an output. */
export interface Cut {
  /** Whole lines, each with its newline; or a piece of one line. */
  readonly text: string;
  /** A piece of a line that continues in the next cut. */
  readonly isPartial: boolean;
}

/** Cuts an output, as it is read, into lines. */
export class Cutter {
  #rest = "";

  /** Whether a line has begun and not ended. */
  get hasRest(): boolean {
    return this.#rest !== "";
  }

  /** @returns the complete lines; the pieces of a long line depend on the line alone, not on the chunks */
  take(chunk: string): Cut[] {
    const cuts: Cut[] = [];
    const end = chunk.lastIndexOf("\n") + 1;
    if (end > 0) {
      const text = this.#shorten(this.#rest + chunk.slice(0, end), cuts);
      cuts.push({ text, isPartial: false });
      this.#rest = "";
    }
    this.#rest = this.#shorten(this.#rest + chunk.slice(end), cuts);
    return cuts;
  }

  /** Returns the line that has begun. @param isPartial whether it may continue */
  takeRest(isPartial: boolean): Cut[] {
    const text = this.#rest;
    this.#rest = "";
    return text === "" ? [] : [{ text, isPartial }];
  }

  /** Cuts pieces off the first line of `text` until it is short enough. The other lines are parts of one chunk. */
  #shorten(text: string, cuts: Cut[]): string {
    let left = text;
    for (;;) {
      const newline = left.indexOf("\n");
      if ((newline < 0 ? left.length : newline) <= LONGEST_LINE) return left;
      const at = endOfCharacter(left, LONGEST_LINE);
      cuts.push({ text: left.slice(0, at), isPartial: true });
      left = left.slice(at);
    }
  }
}

/** The last place up to `at` that is not in the middle of a character of UTF-8. */
function endOfCharacter(text: string, at: number): number {
  for (let back = 0; back < 4; back++) {
    const byte = text.charCodeAt(at - back);
    if (byte < 0x80 || byte >= 0xc0) return at - back;
  }
  return at; // no UTF-8
}
