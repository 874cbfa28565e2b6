import type { Option } from "../core/args.ts";
import { ENGINE_NAMES } from "./engine.ts";

/** A program for the host in words: --help, its man page and its completion in bash are made from it. */
export interface Tool {
  readonly name: string;
  /** The first sentence says what the program does. */
  readonly description: string;
  readonly options: readonly ToolOption[];
  /** What --help prints. */
  readonly usage: string;
}

/** An option of a program for the host. */
export interface ToolOption extends Option {
  readonly help: string;
  /** Stands for the value in the usage: `USER`. */
  readonly placeholder?: string;
  /** What a shell offers as the value. */
  readonly completions?: "files" | readonly string[];
}

/** Describes a program for the host by what is its own: `verbose` says what --verbose does there. */
export function describeTool(name: string, description: string, verbose: string, own: readonly ToolOption[]): Tool {
  const options = [...own, ...common(verbose)];
  const terms = options.map(({ flag, letter, placeholder }) => {
    const flags = letter === undefined ? flag : `${letter}, ${flag}`;
    return placeholder === undefined ? flags : `${flags} ${placeholder}`;
  });
  const width = Math.max(...terms.map((term) => term.length));
  const rows = options.map(({ help }, at) => `  ${(terms[at] ?? "").padEnd(width)}  ${help}\n`);
  const usage = `usage: ${name} [OPTION]... CONTAINER [COMMAND [ARG]...]\n${description}\n\n${rows.join("")}`;
  return { name, description, options, usage };
}

/** The options of every program for the host. parseOptions() answers the last two without their rows. */
function common(verbose: string): readonly ToolOption[] {
  return [
    {
      flag: "--engine",
      value: "a value",
      placeholder: "NAME",
      completions: ENGINE_NAMES,
      help: "docker or podman; otherwise CONTAINER_ENGINE says, or both are asked",
    },
    { flag: "--verbose", letter: "-v", help: verbose },
    { flag: "--help", help: "show this text" },
    { flag: "--version", help: "show the version" },
  ];
}
