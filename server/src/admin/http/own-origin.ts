import type { AdminCall } from './call.ts';

/** What links begin with: the public URL, or without one the address that this request was sent to. */
export function ownOriginOf(call: AdminCall): string {
  return call.deps.publicUrl ?? call.raw.ownOrigin;
}
