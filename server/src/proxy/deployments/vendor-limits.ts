/**
 * The rate limits that vendors name in the headers of their answers. They are a provider's numbers, so a limit counts only if all
 * three of its numbers are plausible, and only for a bounded time.
 */
import type { PresetLimits } from '../../domain/presets/preset.ts';
import type { UpstreamHeaders } from '../../upstream/call.ts';

/** One limit of a vendor, as its last answer named it. */
export interface VendorLimit {
  /** The part that is left, from 0 to 1. */
  readonly shareLeft: number;
  /** The reset, in monotonic milliseconds. */
  readonly untilMs: number;
}

/** The units of limits, by the family of the header's name. */
const OPENAI_UNITS = ['requests', 'tokens'] as const;
const ANTHROPIC_UNITS = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const;

/** A limit counts for at most this time, whatever reset the vendor names. */
const RESET_MS_MAX = 600_000;
/** The same for a limit of a day, which is used up until it is reset. */
const DAY_MS = 86_400_000;
const NOTHING: readonly VendorLimit[] = [];

/**
 * Returns the limits that the headers name. `nowMs` is the wall clock, `monotonicMs` the clock of the result. `preset` says which
 * headers a vendor sends, and whether its limit of requests is for a day.
 */
export function readVendorLimits(
  headers: UpstreamHeaders,
  nowMs: number,
  monotonicMs: number,
  preset: PresetLimits | null = null,
): readonly VendorLimit[] {
  const family = preset?.family ?? 'any';
  if (family === 'none') return NOTHING;
  let found: VendorLimit[] | null = null;
  const note = (limit: unknown, remaining: unknown, resetMs: number | null, resetMsMax = RESET_MS_MAX) => {
    const shareLeft = shareOf(wholeOf(limit), wholeOf(remaining));
    if (shareLeft === null || resetMs === null || resetMs <= 0) return;
    found ??= [];
    found.push({ shareLeft, untilMs: monotonicMs + Math.min(resetMs, resetMsMax) });
  };
  for (const unit of family === 'anthropic' ? [] : OPENAI_UNITS) {
    const remaining = headers[`x-ratelimit-remaining-${unit}`];
    const resetMsMax = unit === 'requests' && preset?.requests === 'day' ? DAY_MS : RESET_MS_MAX;
    if (remaining !== undefined)
      note(headers[`x-ratelimit-limit-${unit}`], remaining, spanMs(headers[`x-ratelimit-reset-${unit}`]), resetMsMax);
  }
  for (const unit of family === 'openai' ? [] : ANTHROPIC_UNITS) {
    const name = `anthropic-ratelimit-${unit}`;
    const remaining = headers[`${name}-remaining`];
    if (remaining !== undefined) note(headers[`${name}-limit`], remaining, untilMs(headers[`${name}-reset`], nowMs));
  }
  return found ?? NOTHING;
}

/** Returns null unless the limit is positive and no more is left than it. */
function shareOf(limit: number | null, remaining: number | null): number | null {
  return limit === null || remaining === null || limit <= 0 || remaining > limit ? null : remaining / limit;
}

function wholeOf(value: unknown): number | null {
  return typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : null;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SPAN = /^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|[smhd])){1,5}$/;
const PART = /(\d+(?:\.\d+)?)(ms|[smhd])/g;

/** Parses a span as OpenAI writes it: `12ms`, `1s`, `6m0s`, `2m59.56s`; or seconds without a unit. Null for anything else. */
function spanMs(value: unknown): number | null {
  if (typeof value !== 'string' || value.length > 60) return null;
  if (/^\d{1,9}(?:\.\d{1,9})?$/.test(value)) return Number(value) * 1_000;
  if (!SPAN.test(value)) return null;
  let ms = 0;
  for (const [, count, unit = ''] of value.matchAll(PART)) ms += Number(count) * (UNIT_MS[unit] ?? 0);
  return ms;
}

/** Returns the time until an instant as Anthropic writes it (RFC 3339). Null for anything else. */
function untilMs(value: unknown, nowMs: number): number | null {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT[\d:.]{5,20}(?:Z|[+-]\d\d:\d\d)$/.test(value)) return null;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : atMs - nowMs;
}
