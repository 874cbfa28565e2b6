/** The content of the file VERSION, put in by scripts/bundle.mjs. */
declare const VERSION: string;

/** The release: `1.2.3`. */
export const version: string = VERSION;
