/** Access to a vendor's files and batches, for vendors that have those of OpenAI. */
import type { CredentialConfig } from '../domain/routing/credential.ts';
import type { FileAnswer, FileCalls, FileRequest } from '../upstream/file-calls.ts';
import type { KeptToken } from './kept-token.ts';
import type { Tokens } from './tokens/tokens.ts';

/** One call. The path is below the vendor's base URL and begins with `/`. */
export interface BatchCall extends Pick<FileRequest, 'method' | 'body' | 'signal'> {
  readonly path: string;
  readonly contentType?: string;
}

/** The calls of one credential. */
export interface BatchAccess {
  send(call: BatchCall): Promise<FileAnswer>;
}

export interface BatchAccessOptions {
  readonly files: FileCalls;
  /** Returns the base URL of a credential; null if it has no batches. */
  readonly baseUrl: (credential: CredentialConfig) => string | null;
  /** Returns flat name/value pairs that contain the credential; lower-case names. */
  readonly authentication: (credential: CredentialConfig) => readonly string[];
  readonly tokens?: Tokens;
}

/** Providers answer within seconds, but begin to send a large file late. */
const SILENCE_MS = 120_000;

/** Returns the method of a provider that gives access to batches with a credential; null where there are none. */
export function batchesOverHttp({ files, baseUrl, authentication, tokens }: BatchAccessOptions) {
  return (credential: CredentialConfig): BatchAccess | null => {
    const base = baseUrl(credential);
    if (base === null || !URL.canParse(base)) return null;
    return {
      send: async ({ method, path, body, contentType, signal }) => {
        const token = tokens?.of(credential) ?? null;
        const issued = token === null ? null : await tokenNow(token);
        const headers = {
          ...pairs(authentication(credential)),
          ...(issued === null ? {} : { authorization: `Bearer ${issued}` }),
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
          'accept-encoding': 'identity',
          'user-agent': 'headgate',
        };
        return files.send({ method, url: `${base.replace(/\/+$/, '')}${path}`, headers, body, silenceMs: SILENCE_MS, signal });
      },
    };
  };
}

function tokenNow(token: KeptToken<string>): Promise<string> {
  const present = token.present();
  if (present !== null) return Promise.resolve(present);
  return new Promise((ready, failed) => {
    token.wait({ ready, failed });
  });
}

function pairs(flat: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) headers[flat[at] as string] = flat[at + 1] as string;
  return headers;
}
