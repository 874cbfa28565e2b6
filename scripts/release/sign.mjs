// A release's signature: over the checksums, and so over all files.
import { execFileSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";

/**
 * Signs a file.
 *
 * @param {string} file
 * @param {string} key a file with a private key of OpenSSH's, or the name of a key that gpg has
 * @returns {string} the signature's file
 */
export function sign(file, key) {
  const signature = existsSync(key) ? `${file}.sig` : `${file}.asc`;
  rmSync(signature, { force: true });
  if (existsSync(key)) {
    // A signature is for a purpose, and who verifies has to name the same.
    execFileSync("ssh-keygen", ["-Y", "sign", "-n", "file", "-f", key, file], { stdio: ["ignore", "ignore", "pipe"] });
  } else {
    const words = ["--batch", "--yes", "--local-user", key, "--armor", "--detach-sign", "--output", signature, file];
    execFileSync("gpg", words, { stdio: ["ignore", "ignore", "inherit"] });
  }
  return signature;
}
