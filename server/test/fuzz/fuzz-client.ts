/** Calls over connections that stay open, and what came back of each, judged by what holds for every answer there is. */
import { Pool } from 'undici';

export interface Heard {
  /** 0: the connection broke. */
  readonly status: number;
  readonly text: string;
  /** What is wrong with the answer, whatever was asked; null when nothing is. */
  readonly wrong: string | null;
}

export interface FuzzClient {
  call(path: string, secret: string, headers: readonly string[], body: string): Promise<Heard>;
  close(): Promise<void>;
}

const PLAIN = /^[\t\x20-\x7e]*$/;
const CALL_MS_MAX = 30_000;

export function openClient(base: string, connections: number): FuzzClient {
  const pool = new Pool(base, { connections, headersTimeout: CALL_MS_MAX, bodyTimeout: CALL_MS_MAX, maxHeaderSize: 256 * 1024 });
  return {
    call: async (path, secret, headers, body) => {
      const all = ['content-type', 'application/json', 'authorization', `Bearer ${secret}`, ...headers];
      try {
        const answer = await pool.request({ method: 'POST', path, headers: all, body });
        const text = await answer.body.text();
        return { status: answer.statusCode, text, wrong: wrongWith(answer.statusCode, answer.headers, text) };
      } catch (error) {
        return { status: 0, text: String(error), wrong: null };
      }
    },
    close: () => pool.destroy(),
  };
}

function wrongWith(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  text: string,
): string | null {
  for (const [name, value] of Object.entries(headers)) {
    if (!PLAIN.test(String(value))) return `the header ${name} is not ASCII`;
  }
  const size = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + String(value).length + 4, 0);
  if (size > 15_000) return `the head takes ${size} bytes`;
  if (!headers['x-request-id']) return 'there is no x-request-id';
  const cost = headers['x-headgate-cost'];
  if (cost !== undefined && !/^\d+\.\d{2,9}$/.test(String(cost))) return `it costs ${cost}`;
  if (text.includes('The gateway failed on this request')) return 'a defect of the gateway';
  if (status === 503 && text.includes('service_unavailable')) return `it is unavailable: ${text.slice(0, 200)}`;
  return status < 200 || status > 599 || status === 500 ? `the status is ${status}` : null;
}
