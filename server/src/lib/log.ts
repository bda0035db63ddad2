import pino, { type Logger } from 'pino';
import { type DefectFacts, describeDefect } from './defect.ts';

export type { Logger };

/** The names under which a secret could be logged by mistake; their values never reach a line. */
const SECRET_NAMES = [
  ...['api_key', 'apiKey', 'authorization', 'secret', 'token', 'password'],
  ...['secretAccessKey', 'sessionToken', 'clientSecret', 'privateKey'],
  ...['secret_access_key', 'session_token', 'client_secret', 'private_key', 'key_file'],
  // The second secret of a credential is a credential itself.
  'other.credential',
];
const SECRET_PATHS = [...SECRET_NAMES, ...SECRET_NAMES.map((name) => `*.${name}`)];

/**
 * Creates a logger. `json` writes one object a line for machines, `text` one readable line for a terminal. Both write to standard
 * error, never to standard output. Each line has `fields`: none by default.
 */
export function createLogger(form: 'text' | 'json', fields: Readonly<Record<string, string | number>> = {}): Logger {
  const options = {
    base: fields,
    serializers: { err: describeDefect },
    redact: { paths: SECRET_PATHS, censor: '[secret]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  if (form === 'json') return pino(options, pino.destination({ dest: 2, sync: true }));
  return pino(options, { write: (line: string) => process.stderr.write(readable(line)) });
}

const LEVELS: Readonly<Record<number, string>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

function readable(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as {
    level: number;
    time: string;
    msg?: string;
    err?: DefectFacts;
  };
  const fields = Object.entries(rest).map(
    ([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const stack = err === undefined ? '' : [`\n${err.error}`, ...err.stack].join('\n    ');
  return `${time.slice(11, 19)} ${(LEVELS[level] ?? 'log').padEnd(5)} ${msg ?? ''}${fields.join('')}${stack}\n`;
}

/** Logs that a request met a defect of ours: its kind and origin, never the content of the request. */
export function tellDefect(error: unknown, requestId: string, log: Logger): void {
  log.error({ request_id: requestId, ...describeDefect(error) }, 'a request failed because of a bug in the gateway');
}
