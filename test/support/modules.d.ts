// Types of modules that bring none.

/** Throws where `expression` is none of SPDX's. */
declare module "spdx-expression-parse" {
  export default function parse(expression: string): unknown;
}
