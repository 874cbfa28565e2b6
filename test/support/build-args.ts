import { arch } from "node:os";

/** What `make build` says to the stage toolchain. With other arguments the builder would not find that stage in its cache. */
export const toolchainArgs = [`ARCH=${arch() === "x64" ? "amd64" : arch()}`, "CPU="].flatMap((arg) => [
  "--build-arg",
  arg,
]);
