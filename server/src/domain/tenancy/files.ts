/** The rules of files: what they are for, and who finds them. */
import type { ResponsePlace } from './stored-responses.ts';
import type { Caller } from './tenancy.ts';

/** `batch`: the requests of a batch, uploaded by a client. `batch_output`: the answers or errors of a batch, written by the gateway. */
export const FILE_PURPOSES = ['batch', 'batch_output'] as const;
export type FilePurpose = (typeof FILE_PURPOSES)[number];

/** The bounds of one file. */
export const FILE_BOUNDS = {
  bytes: 200 * 1024 * 1024,
  lines: 50_000,
  /** The longest line, in bytes. */
  lineBytes: 4 * 1024 * 1024,
  customIdChars: 512,
  /** The length of a piece of its content. The last one is shorter. */
  pieceBytes: 1024 * 1024,
  filenameChars: 255,
} as const;

/** The endpoints whose requests a file of purpose `batch` may have. */
export const FILE_URLS = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings', '/v1/completions'] as const;

/** The most files of one organization. */
export const FILES_MAX = 10_000;

/** The place at which a file was made. It never changes, also if its key moves to another team later. */
export type FilePlace = ResponsePlace;

/** Reports whether a caller's organization allows files and batches. */
export function hasFiles({ organization }: Pick<Caller, 'organization'>): boolean {
  return (organization.files ?? null) !== null;
}

/**
 * Reports whether a caller finds a file: it is of the caller's organization, its team still exists, and the scope that the
 * organization chose includes the caller. A narrower scope never finds more than a wider one. Batches follow the same rule.
 */
export function findsFile(caller: Caller, file: FilePlace): boolean {
  const { organization, team, key } = caller;
  if (file.organizationId !== organization.id || !organization.teams.has(file.teamId)) return false;
  switch (organization.files) {
    case 'organization':
      return true;
    case 'team':
      return file.teamId === team.id;
    // A key that moved to another team leaves its files behind.
    case 'key':
      return file.teamId === team.id && file.keyId === key.id;
    default:
      return false;
  }
}

/** The places whose files a caller lists: the same as `findsFile`, as a filter. `null`: any. */
export interface FilesFilter {
  readonly teamId: string | null;
  readonly keyId: string | null;
}

/** Returns the filter of what a caller finds; null: nothing. */
export function filesFilter({ organization, team, key }: Caller): FilesFilter | null {
  switch (organization.files) {
    case 'organization':
      return { teamId: null, keyId: null };
    case 'team':
      return { teamId: team.id, keyId: null };
    case 'key':
      return { teamId: team.id, keyId: key.id };
    default:
      return null;
  }
}
