// node zlib.mjs compress PAGE... writes PAGE.NUMBER.{gzip,zlib,raw} with many settings of zlib.
// node zlib.mjs decompress FILE... prints the SHA-256 of each text, or the error.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import zlib from "node:zlib";

const z = zlib.constants;
const wrappings = [
  { name: "gzip", compressor: zlib.createGzip, decompress: zlib.gunzipSync },
  { name: "zlib", compressor: zlib.createDeflate, decompress: zlib.inflateSync },
  { name: "raw", compressor: zlib.createDeflateRaw, decompress: zlib.inflateRawSync },
];

const settings = [
  ...Array.from({ length: 10 }, (_, level) => ({ level })),
  ...[z.Z_FILTERED, z.Z_HUFFMAN_ONLY, z.Z_RLE, z.Z_FIXED].map((strategy) => ({ level: 6, strategy })),
  { level: 9, memLevel: 1 },
  { level: 9, memLevel: 9 },
  ...[9, 10, 12, 14].map((windowBits) => ({ level: 9, windowBits })),
  ...[z.Z_PARTIAL_FLUSH, z.Z_SYNC_FLUSH, z.Z_FULL_FLUSH, z.Z_BLOCK].map((flush) => ({ level: 6, flush, every: 3000 })),
  { level: 1, flush: z.Z_SYNC_FLUSH, every: 50 },
];

async function compress(wrapping, text, { flush, every = text.length, ...options }) {
  const stream = wrapping.compressor({ ...options, chunkSize: 1 << 16 });
  const pieces = [];
  stream.on("data", (piece) => pieces.push(piece));
  const ended = new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
  for (let at = 0; at < text.length; at += every) {
    stream.write(text.subarray(at, at + every));
    if (flush !== undefined) await new Promise((resolve) => stream.flush(flush, resolve));
  }
  stream.end();
  await ended;
  return Buffer.concat(pieces);
}

const [command, ...files] = process.argv.slice(2);
for (const file of files) {
  const input = readFileSync(file);
  if (command === "compress") {
    for (const wrapping of wrappings) {
      for (const [number, setting] of settings.entries()) {
        writeFileSync(`${file}.${number}.${wrapping.name}`, await compress(wrapping, input, setting));
      }
    }
  } else {
    const { decompress } = wrappings.find(({ name }) => file.endsWith(`.${name}`));
    let result;
    try {
      result = createHash("sha256").update(decompress(input)).digest("hex");
    } catch (error) {
      result = error.message;
    }
    console.log(result);
  }
}
