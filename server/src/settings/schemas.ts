/** The form of each setting's text. An error says what is wrong and what is right; one about a secret does not repeat it. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { CLOUDS } from '../domain/clouds.ts';
import { isReadableDatabaseUrl, isReadableRedisUrl, serverUrl, UNREADABLE_URL } from './server-url.ts';

/** Text for which a check holds. The error repeats the text, so this is not for secrets. */
function checked(isRight: (text: string) => boolean, what: string) {
  return z.string().refine(isRight, { error: ({ input }) => `${JSON.stringify(input)} is not ${what}.` });
}

/** A whole number in decimal digits. */
export function whole(least: number, most: number) {
  const isWithin = (digits: string) => /^\d{1,15}$/.test(digits) && Number(digits) >= least && Number(digits) <= most;
  return checked(isWithin, `a whole number from ${least} to ${most}`).transform(Number);
}

export function oneOf<const Choices extends readonly string[]>(choices: Choices) {
  return z.enum(choices, { error: ({ input }) => `${JSON.stringify(input)} is not one of ${choices.join(', ')}.` });
}

/** A number from 0 to 1. */
export const share = checked((number) => /^(0(\.\d{1,6})?|1(\.0{1,6})?)$/.test(number), 'a number from 0 to 1').transform(Number);

/** Texts with commas between. */
export const list = z.string().transform((texts) =>
  texts
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

/** Clouds, with commas between. */
export const clouds = list.pipe(
  z.array(z.enum(CLOUDS, { error: ({ input }) => `${JSON.stringify(input)} is not one of ${CLOUDS.join(', ')}.` })),
);

/** IP addresses and ranges of them. */
export const proxies = list.pipe(
  z.array(
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
      error: ({ input }) => `${JSON.stringify(input)} is not an address or a CIDR such as 10.0.0.0/8.`,
    }),
  ),
);

/** DNS servers: IP addresses, each with a port or not. An IPv6 address with a port is in brackets. */
export const dnsServers = list.pipe(
  z
    .array(
      z.string().refine(isServerAddress, {
        error: ({ input }) => `${JSON.stringify(input)} is not an address such as 10.0.0.53, 10.0.0.53:5353 or [fd00::53]:5353.`,
      }),
    )
    .max(8, 'must have at most 8 addresses.'),
);

function isServerAddress(text: string): boolean {
  const [, address = '', port] = /^\[?([0-9a-fA-F:.]+?)\]?(?::(\d{1,5}))?$/.exec(isIP(text) === 6 ? `[${text}]` : text) ?? [];
  return isIP(address) !== 0 && (port === undefined || (Number(port) > 0 && Number(port) < 65_536));
}

/** A secret that an `Authorization` header can carry. One of less than 24 characters could be guessed. */
export const token = z.string().regex(/^[\x21-\x7e]{24,256}$/, 'must be 24 to 256 visible ASCII characters.');

/** A stored token must also work, so it does not look like a data-plane key. */
export const adminToken = token.refine(
  (secret) => !secret.startsWith('sk-hg-'),
  'must not look like a data-plane key (sk-hg-…).',
);

export const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, { abort: true, error: 'must begin with postgres:// or postgresql://.' })
  .refine(isReadableDatabaseUrl, { abort: true, error: UNREADABLE_URL })
  .transform((text, context) => {
    try {
      return serverUrl(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as RangeError).message });
      return z.NEVER;
    }
  });

export const redisUrl = z
  .string()
  .regex(/^rediss?:\/\//i, { abort: true, error: 'must begin with redis:// or rediss://.' })
  .refine(isReadableRedisUrl, { abort: true, error: UNREADABLE_URL })
  .pipe(server('redis', 'redis://host:port or rediss://host:port'));
export const smtpUrl = server('smtp', 'smtp://host:port or smtps://host:port');

/** The address of a server, with or without TLS. It may hold a password. */
function server(protocol: string, form: string) {
  const error = `must be ${form}, with user:password@ where it is needed.`;
  return z.url({ protocol: new RegExp(`^${protocol}s?$`), hostname: /./, error });
}

/** The sender of mail. */
export const sender = z
  .string()
  .regex(
    /^[^\r\n]{0,200}?<?[^\s<>@]{1,64}@[^\s<>@]{1,190}>?$/,
    'must be an address such as Headgate <headgate@example.com>, since HEADGATE_SMTP_URL is set.',
  );

const http = z.url({ protocol: /^https?$/, abort: true, error: 'must be an http(s) URL.' });

export const origin = http.transform((url) => new URL(url).origin);

/** A collector. Admins see its address, so it holds no secret. */
export const collector = http.refine(
  (url) => new URL(url).username === '' && new URL(url).password === '',
  'must hold no user or password; put them into OTEL_EXPORTER_OTLP_HEADERS.',
);

const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*=\s*([!-$&-~]|%[2-6][0-9A-Fa-f]|%7[0-9A-Ea-e])*$/;

/** Headers in the form of W3C baggage, as OpenTelemetry requires: values percent-encoded. They may hold a secret. */
export const headers = list
  .pipe(z.array(z.string().regex(HEADER, 'must be name=value pairs with commas between, values percent-encoded.')))
  .transform((pairs) => Object.fromEntries(pairs.map(headerOf)));

function headerOf(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at).trim().toLowerCase(), decodeURIComponent(pair.slice(at + 1).trim())];
}
