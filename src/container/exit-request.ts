/** The upper half of a value that asks for an exit status: no other sender uses it by chance. */
const MARK = 0x62_69;

/** The value to send with SIGRTMIN+3 to end the container with `status`, 0 to 255. @see sigqueue(3) */
export function exitRequest(status: number): number {
  return (MARK << 16) | status;
}

/** The status that a value sent with SIGRTMIN+3 asks for; undefined if it asks for none. */
export function requestedStatus(value: number): number | undefined {
  return value >> 8 === MARK << 8 ? value & 0xff : undefined;
}
