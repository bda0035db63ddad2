import { api, asked, askedWithETag, ifMatch } from './client.ts';

/** Calls on one object by its path, which is built at run time, so that the contract's types cannot check it. */

type AnyCall = (path: string, init: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;

/** Reads an object with its version. */
export async function readVersion<T>(path: string): Promise<{ readonly data: T; readonly etag: string | null }> {
  return (await askedWithETag((api.GET as unknown as AnyCall)(path, {}))) as { data: T; etag: string | null };
}

/** Returns a function that changes the object if it still has the version that was read. */
export function saverAt(path: string) {
  return (body: object, etag: string | null) =>
    asked((api.PATCH as unknown as AnyCall)(path, { params: { header: ifMatch(etag) }, body }));
}
