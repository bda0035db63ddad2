/** A DNS server on loopback, over UDP, that answers questions for TXT records as a test says. */
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';

/** Texts: the values of TXT records. `nxdomain`: no such name. `nodata`: the name has no TXT record. `silent`: no answer. */
export type DnsAnswer = readonly string[] | 'nxdomain' | 'nodata' | 'servfail' | 'refused' | 'garbage' | 'silent';

export interface DnsServer {
  /** `127.0.0.1:<port>`, as HEADGATE_DNS_SERVERS takes it. */
  readonly address: string;
  /** Every name that was asked for, in lower case, in order. */
  readonly asked: string[];
  /** Sets the answer for a name. Other names do not exist. */
  set(name: string, answer: DnsAnswer): void;
  close(): Promise<void>;
}

const CODES = { nxdomain: 3, nodata: 0, servfail: 2, refused: 5 } as const;
const HEADER = 12;

/** `port` 0 takes a free one. */
export async function startDnsServer(port = 0): Promise<DnsServer> {
  const answers = new Map<string, DnsAnswer>();
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const { name, end } = questionOf(message);
    asked.push(name);
    send(socket, message.subarray(0, end), answers.get(name) ?? 'nxdomain', from);
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    set: (name, answer) => void answers.set(name.toLowerCase(), answer),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Reads the name of the first question, and the position behind it. */
function questionOf(message: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 };
}

function send(socket: ReturnType<typeof createSocket>, question: Buffer, answer: DnsAnswer, to: RemoteInfo): void {
  if (answer === 'silent') return;
  if (answer === 'garbage') {
    // The id is right, so the client reads it; the rest is cut.
    socket.send(Buffer.concat([question.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 1, 0, 9])]), to.port, to.address);
    return;
  }
  const values = typeof answer === 'string' ? [] : answer;
  const head = Buffer.from(question.subarray(0, HEADER));
  head.writeUInt16BE(0x8180 | (typeof answer === 'string' ? CODES[answer] : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(values.length, 6);
  head.writeUInt32BE(0, 8);
  socket.send(Buffer.concat([head, question.subarray(HEADER), ...values.map(record)]), to.port, to.address);
}

/** Returns a TXT record of the name of the question. A long value is cut into parts of 255 bytes, as the DNS needs. */
function record(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 255) {
    const part = bytes.subarray(at, at + 255);
    parts.push(Buffer.from([part.length]), part);
  }
  const data = Buffer.concat(parts);
  const fixed = Buffer.from([0xc0, HEADER, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0]);
  fixed.writeUInt16BE(data.length, 10);
  return Buffer.concat([fixed, data]);
}
