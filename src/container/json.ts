import { jsonString } from "./env-export.ts";

/** What can be written as JSON; undefined becomes null. Texts are byte strings. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [name: string]: Json };

/** A value as JSON. Names of members need no escape. */
export function json(value: Json): string {
  if (typeof value === "string") return jsonString(value);
  if (typeof value !== "object" || value === null) return `${value ?? null}`;
  if (Array.isArray(value)) return `[${value.map(json).join(",")}]`;
  return `{${Object.entries(value).map(([name, member]) => `"${name}":${json(member)}`)}}`;
}
