import type { AdminCall } from './call.ts';

/** Returns the origin that links begin with: the public URL or, if none is set, the address that this request was sent to. */
export function ownOriginOf(call: AdminCall): string {
  return call.deps.publicUrl ?? call.raw.ownOrigin;
}
