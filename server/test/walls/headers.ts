/** What the headers of pages must say, judged of a gateway that serves its built console. */
import { expect } from 'vitest';
import type { Gateway } from '../prove/gateway.ts';

/** Judges the console's page, its files and its addresses, the reference, the API, health, metrics, and what is not there. */
export async function checkHeaders(gateway: Gateway): Promise<void> {
  const get = (at: string, headers: Readonly<Record<string, string>> = {}) => fetch(`${gateway.base}${at}`, { headers });
  const page = await get('/');
  const html = await page.text();
  checkPage(html);
  const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, address]) => address as string);
  expect(files.some((address) => address.startsWith('/assets/') && address.endsWith('.js'))).toBe(true);
  const etag = { 'if-none-match': page.headers.get('etag') ?? '' };
  const ofConsole = [
    page,
    await get('/', etag),
    await get('/organizations/org_x?tab=webhooks'),
    ...(await Promise.all(files.map((at) => get(at)))),
  ];
  expect(ofConsole.map(({ status }) => status)).toEqual([200, 304, 200, ...files.map(() => 200)]);
  for (const answer of ofConsole) checkConsole(answer.headers);
  for (const at of ['/api/docs', '/api/v1/session', '/api/v1/nothing', '/health/live', '/health/ready', '/metrics', '/nothing'])
    checkAny(at, (await get(at)).headers);
}

/** Scripts come from files alone, so that the policy needs no exception for them. */
function checkPage(html: string): void {
  for (const [tag] of html.matchAll(/<script\b[^>]*>/gi)) expect(tag).toMatch(/ src="\/[a-z]/);
  expect(html).not.toMatch(/\son\w+=|javascript:|<base\b|<iframe\b|https?:\/\//i);
}

function checkConsole(headers: Headers): void {
  checkAny('the console', headers);
  const policy = directivesOf(headers.get('content-security-policy') ?? '');
  // Whatever has no directive of its own falls back to this one: objects, frames, workers, media.
  expect(policy.get('default-src')).toEqual(["'none'"]);
  expect(policy.get('script-src')).toEqual(["'self'"]);
  expect(policy.get('connect-src')).toEqual(["'self'"]);
  for (const [name, only] of [
    ['base-uri', "'none'"],
    ['form-action', "'self'"],
    ['frame-ancestors', "'none'"],
  ] as const)
    expect([name, policy.get(name)]).toEqual([name, [only]]);
  const sources = [...policy.values()].flat();
  expect(sources).not.toContain("'unsafe-eval'");
  expect(sources.filter((source) => /[*/]|:\/\//.test(source))).toEqual([]);
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('referrer-policy')).toMatch(/^(same-origin|no-referrer)$/);
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
  for (const feature of ['camera', 'microphone', 'geolocation'])
    expect(headers.get('permissions-policy')).toContain(`${feature}=()`);
  expect(headers.get('set-cookie')).toBeNull();
}

function checkAny(at: string, headers: Headers): void {
  expect([at, headers.get('x-content-type-options')]).toEqual([at, 'nosniff']);
  // Another site’s script reads nothing here, and nobody is told what serves it.
  for (const name of ['access-control-allow-origin', 'server', 'x-powered-by'])
    expect([at, name, headers.get(name)]).toEqual([at, name, null]);
  expect(headers.get('content-security-policy') ?? '').not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline/);
}

function directivesOf(policy: string): ReadonlyMap<string, readonly string[]> {
  const directives = policy.split(';').map((text) => text.trim().split(/\s+/));
  return new Map(directives.map(([name = '', ...sources]) => [name, sources]));
}
