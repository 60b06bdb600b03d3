// Format and size of a picture, from its first bytes.

const SIGNATURES = [
  { format: "png", matches: (b) => b.subarray(0, 8).equals(Buffer.from("89504e470d0a1a0a", "hex")), size: pngSize },
  { format: "jpg", matches: (b) => b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff, size: jpegSize },
  { format: "gif", matches: (b) => /^GIF8[79]a$/.test(b.toString("latin1", 0, 6)), size: gifSize },
  { format: "webp", matches: (b) => b.toString("latin1", 0, 4) === "RIFF" && b.toString("latin1", 8, 12) === "WEBP", size: webpSize },
];

/**
 * @param {Buffer} bytes
 * @returns {{format: string, width: number, height: number} | undefined} undefined: not a picture
 */
export function readPicture(bytes) {
  const signature = SIGNATURES.find(({ matches }) => matches(bytes));
  if (!signature) return undefined;
  try {
    return { format: signature.format, ...signature.size(bytes) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function pngSize(bytes) {
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

function gifSize(bytes) {
  return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
}

/** The size is in the first start-of-frame segment: C0 to CF but for C4, C8 and CC. */
function jpegSize(bytes) {
  for (let at = 2; ; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes.readUInt8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    }
  }
}

function webpSize(bytes) {
  switch (bytes.toString("latin1", 12, 16)) {
    case "VP8X":
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    case "VP8L": {
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    default:
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  }
}
