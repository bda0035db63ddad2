/** Frames of AWS's event streams, written without the code that reads them. */
import { crc32 } from 'node:zlib';

/** Returns one frame. `more`: bytes that follow the headers as they are. */
export function frameOf(headers: Readonly<Record<string, string>>, payload: string | Buffer, more = Buffer.alloc(0)): Buffer {
  const written = Buffer.concat([
    ...Object.entries(headers).map(([name, value]) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(Buffer.byteLength(value));
      return Buffer.concat([
        Buffer.from([Buffer.byteLength(name)]),
        Buffer.from(name),
        Buffer.from([7]),
        length,
        Buffer.from(value),
      ]);
    }),
    more,
  ]);
  const body = Buffer.from(payload);
  const frame = Buffer.alloc(12 + written.length + body.length + 4);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(written.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  written.copy(frame, 12);
  body.copy(frame, 12 + written.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, frame.length - 4)), frame.length - 4);
  return frame;
}

/** Returns a frame with an event of Converse. */
export function eventFrame(type: string, event: object): Buffer {
  return frameOf({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, JSON.stringify(event));
}

/** Returns a frame that holds an event of another format, as the streams of `invoke` do. */
export function chunkFrame(event: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(event)).toString('base64');
  return eventFrame('chunk', { bytes, p: 'abcdef' });
}

/** Returns a frame that reports a failure. */
export function exceptionFrame(type: string, message: string): Buffer {
  const headers = { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' };
  return frameOf(headers, JSON.stringify({ message }));
}
