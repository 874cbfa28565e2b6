import { isDigit, isLetter } from "./ascii.ts";

/** What stands for itself in every POSIX shell, beside letters and digits. */
const PLAIN_MARKS = "@%+=:,./-";

/** Quotes `word` so that any POSIX shell reads back exactly `word`: `it's` becomes `'it'"'"'s'`. */
export function shellQuote(word: string): string {
  return isPlain(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

/** Quotes do no harm, so a long word is not looked at: the look would cost more than all the rest. */
const LONGEST_PLAIN = 256;

function isPlain(word: string): boolean {
  if (word.length > LONGEST_PLAIN) return false;
  for (let i = 0; i < word.length; i++) {
    const code = word.charCodeAt(i);
    if (!isLetter(code) && !isDigit(code) && !PLAIN_MARKS.includes(word.charAt(i))) return false;
  }
  return word !== "";
}
