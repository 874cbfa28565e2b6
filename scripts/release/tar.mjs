// Tape archives, read and written: just what image layers use (ustar, with pax and GNU's long names), and written so
// that the same entries give the same bytes. A name is bytes, one character each.

/**
 * One member of an archive.
 *
 * @typedef {object} Entry
 * @property {string} name without a slash at either end
 * @property {string} type as in the header: "0" file, "1" hard link, "2" symbolic link, "3" and "4" devices, "5" directory, "6" pipe
 * @property {number} mode permission bits
 * @property {number} uid
 * @property {number} gid
 * @property {number} mtime seconds since 1970
 * @property {string} linkname where a link points
 * @property {number} major
 * @property {number} minor
 * @property {[string, string][]} xattrs extended attributes (capabilities of a file), by name
 * @property {Buffer} data
 */

const BLOCK = 512;
const XATTR = "SCHILY.xattr.";

/** @param {Buffer} archive @returns {Entry[]} in the archive's order */
export function readTar(archive) {
  const entries = [];
  /** @type {Map<string, string>} what a pax or GNU header says of the entry that follows it */
  let said = new Map();
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const header = archive.subarray(at, at + BLOCK);
    const type = String.fromCharCode(header[156] || 0x30);
    const size = Number(said.get("size") ?? numberAt(header, 124, 12));
    const data = archive.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + roundUp(size);
    if (type === "x") {
      said = new Map([...said, ...paxRecords(data)]);
    } else if (type === "L" || type === "K") {
      said.set(type === "L" ? "path" : "linkpath", textAt(data, 0, data.length));
    } else if (type !== "g") {
      entries.push(entryOf(header, type, data, said));
      said = new Map();
    }
  }
  return entries;
}

/** @returns {Entry} */
function entryOf(header, type, data, said) {
  const prefix = header.toString("latin1", 257, 263) === "ustar\0" ? textAt(header, 345, 155) : "";
  const name = textAt(header, 0, 100);
  return {
    name: (said.get("path") ?? (prefix === "" ? name : `${prefix}/${name}`)).replace(/^(\.?\/)+|\/+$/g, ""),
    type: type === "7" ? "0" : type,
    mode: numberAt(header, 100, 8) & 0o7777,
    uid: Number(said.get("uid") ?? numberAt(header, 108, 8)),
    gid: Number(said.get("gid") ?? numberAt(header, 116, 8)),
    mtime: Math.floor(Number(said.get("mtime") ?? numberAt(header, 136, 12))),
    linkname: said.get("linkpath") ?? textAt(header, 157, 100),
    major: numberAt(header, 329, 8),
    minor: numberAt(header, 337, 8),
    xattrs: [...said]
      .filter(([key]) => key.startsWith(XATTR))
      .map(([key, value]) => /** @type {[string, string]} */ ([key.slice(XATTR.length), value]))
      .sort(),
    data,
  };
}

/** @param {Iterable<Entry>} entries @returns {Buffer} */
export function writeTar(entries) {
  const parts = [];
  const add = (/** @type {Buffer} */ header, /** @type {Buffer} */ data) =>
    parts.push(header, data, Buffer.alloc(roundUp(data.length) - data.length));
  for (const entry of entries) {
    const name = entry.type === "5" ? `${entry.name}/` : entry.name;
    const pax = [
      ...(fits(name) ? [] : [["path", name]]),
      ...(fits(entry.linkname) ? [] : [["linkpath", entry.linkname]]),
      ...(entry.uid <= 0o7777777 ? [] : [["uid", String(entry.uid)]]),
      ...(entry.gid <= 0o7777777 ? [] : [["gid", String(entry.gid)]]),
      ...entry.xattrs.map(([key, value]) => [XATTR + key, value]),
    ];
    if (pax.length > 0) {
      const records = Buffer.from(pax.map(([key, value]) => paxRecord(key, value)).join(""), "latin1");
      const plain = { ...entry, mode: 0o644, uid: 0, gid: 0, linkname: "", major: 0, minor: 0 };
      add(headerOf(plain, "pax-header", "x", records.length), records);
    }
    add(headerOf(entry, name, entry.type, entry.data.length), entry.data);
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}

/** What a ustar header can hold by itself. */
function fits(text) {
  return text.length <= 100 && /^[ -~]*$/.test(text);
}

function headerOf(entry, name, type, size) {
  const header = Buffer.alloc(BLOCK);
  const octal = (value, at, width) =>
    header.write(
      value
        .toString(8)
        .padStart(width - 1, "0")
        .slice(1 - width),
      at,
      "latin1",
    );
  header.write(name.slice(0, 100), 0, "latin1");
  octal(entry.mode, 100, 8);
  octal(entry.uid, 108, 8);
  octal(entry.gid, 116, 8);
  octal(size, 124, 12);
  octal(entry.mtime, 136, 12);
  header.fill(" ", 148, 156);
  header.write(type, 156, "latin1");
  header.write(entry.linkname.slice(0, 100), 157, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  octal(entry.major, 329, 8);
  octal(entry.minor, 337, 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
function paxRecord(key, value) {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length;
  return length + rest;
}

function* paxRecords(data) {
  for (let at = 0; at < data.length && data[at] !== 0; ) {
    const space = data.indexOf(0x20, at);
    const end = at + Number(data.toString("latin1", at, space));
    const record = data.toString("latin1", space + 1, end - 1);
    yield [record.slice(0, record.indexOf("=")), record.slice(record.indexOf("=") + 1)];
    at = end;
  }
}

function textAt(bytes, start, width) {
  const end = bytes.indexOf(0, start);
  return bytes.toString("latin1", start, end < 0 ? start + width : Math.min(end, start + width));
}

function numberAt(bytes, start, width) {
  // GNU tar writes what does not fit in octal digits as a number of base 256.
  if ((bytes[start] ?? 0) & 0x80) return bytes.readUIntBE(start + width - 6, 6);
  return Number.parseInt(textAt(bytes, start, width).trim() || "0", 8);
}

function roundUp(size) {
  return Math.ceil(size / BLOCK) * BLOCK;
}
