import { isForm } from '../../dialects/exchange.ts';
import { FILE_BOUNDS } from '../../domain/tenancy/files.ts';
import { walkAt } from '../endpoints/endpoint.ts';

/** The most bytes of a form beside its file. */
const FRAME_BYTES_MAX = 65_536;

/** The bounds on bodies, in bytes, at paths that take forms and are no endpoint of ENDPOINTS. */
const OTHERS: ReadonlyMap<string, number> = new Map([['/v1/files', FILE_BOUNDS.bytes + FRAME_BYTES_MAX]]);

/**
 * Returns the bound on a body, in bytes, at a path that takes forms; null for other paths. Recordings and pictures may be as large
 * as other bodies. Their forms take no memory, so the memory of bodies does not bound them.
 */
export function formBytesMaxAt(path: string, bodyBytesMax: number): number | null {
  const endpoint = walkAt(path);
  if (endpoint !== null && isForm(endpoint.wire)) return bodyBytesMax;
  return OTHERS.get(path) ?? null;
}
