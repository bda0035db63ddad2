/** The smallest sound files: uncompressed, one channel, 8 bits. */
const HEAD_BYTES = 44;
const SAMPLES_PER_SECOND = 16_000;
const SILENCE = 0x80;

/** Returns silence of so many samples, 16,000 for a second, as a WAV file. */
export function silentWav(samples: number): Buffer {
  const file = Buffer.alloc(HEAD_BYTES + samples, SILENCE);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(HEAD_BYTES - 8 + samples, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(SAMPLES_PER_SECOND, 24);
  file.writeUInt32LE(SAMPLES_PER_SECOND, 28);
  file.writeUInt16LE(1, 32);
  file.writeUInt16LE(8, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(samples, 40);
  return file;
}

/** Returns the seconds of such a file, of which at least the head is given; null for any other. */
export function wavSeconds(file: Buffer, length = file.length): number | null {
  if (file.length < HEAD_BYTES || file.toString('latin1', 0, 4) !== 'RIFF') return null;
  const bytesPerSecond = file.readUInt32LE(28);
  return bytesPerSecond === 0 ? null : (length - HEAD_BYTES) / bytesPerSecond;
}
