/** In the directory of a service: the services that it needs. @see docs/reference/services.md */
export const NEEDS = "needs";

/** More than anybody writes into it. */
export const MAX_NEEDS_BYTES = 65_536;
