import { z } from 'zod';

/** The headers that a call may have beside its body. */

/** The most characters of each. Longer ones are refused, not cut. */
export const HEADER_LENGTHS_MAX = { 'x-headgate-reason': 500, 'if-match': 512, 'idempotency-key': 255 } as const;

export const reason = z
  .string()
  .max(HEADER_LENGTHS_MAX['x-headgate-reason'])
  .optional()
  .meta({ description: 'The reason, kept in the audit log.', examples: ['Asked for in ticket 4711'] });
export const idempotencyKey = z
  .string()
  .max(HEADER_LENGTHS_MAX['idempotency-key'])
  .optional()
  .meta({
    description: 'Makes retries safe. The same key with the same body within 24 hours runs once and gets the same answer.',
    examples: ['5f1d9c1e-7a43-4d0b-9f0e-2f6f3f6c8d11'],
  });
export const ifMatch = z
  .string()
  .max(HEADER_LENGTHS_MAX['if-match'])
  .optional()
  .meta({ description: 'The ETag that was read. Returns 412 if the version has changed since.', examples: ['"3"'] });
