import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Throws 403 if a page of another site makes a visitor's browser request a change. Browsers say where a request comes from. A
 * request that does not say so and has no cookie comes from a program, which no page can trick. A browser never sends a token in
 * `Authorization` on its own.
 */
export function refuseCrossSite(request: FastifyRequest, publicUrl: string | null): void {
  const { authorization, cookie, origin, referer, 'sec-fetch-site': site } = request.headers;
  if (SAFE_METHODS.has(request.method) || authorization !== undefined) return;
  if (site === 'cross-site' || site === 'same-site') throw crossSite();
  const from = origin ?? originOf(referer);
  if (from === null) {
    if (cookie !== undefined) throw crossSite();
    return;
  }
  const own = publicUrl === null ? null : originOf(publicUrl);
  const isOwn = own === null ? hostOf(from) === request.host : from === own;
  if (!isOwn) throw crossSite();
}

function crossSite(): Problem {
  return new Problem(
    403,
    'This request was not sent from the console’s own address, so its session cookie is not accepted. Check HEADGATE_PUBLIC_URL, or send an admin token instead of a cookie.',
  );
}

function originOf(url: string | undefined): string | null {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : null;
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
