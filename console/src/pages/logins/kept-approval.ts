/**
 * The fields of an approval, kept while a person signs in again through their provider. Session storage belongs to one tab of this
 * console: no link and no other page can choose a code.
 */
interface KeptApproval {
  /** The code of a device. Absent on the page of logins on this computer, whose address has everything. */
  readonly code?: string | undefined;
  readonly teamId: string | null;
  readonly budget: string;
}

interface Stored extends KeptApproval {
  readonly accountId: string;
  readonly path: string;
  readonly atMs: number;
}

const PLACE = 'headgate-approval';
/** A code lives that long, and so does a way through a provider. */
const KEPT_MS = 600_000;

/** Keeps what was entered on a page, for the same person and page. */
export function keepApproval(accountId: string, path: string, approval: KeptApproval): void {
  const stored: Stored = { ...approval, accountId, path, atMs: Date.now() };
  try {
    sessionStorage.setItem(PLACE, JSON.stringify(stored));
  } catch {
    // Without storage the person enters it again.
  }
}

/** Returns what this person had entered on this page in the last ten minutes, or null. */
export function keptApproval(accountId: string, path: string): KeptApproval | null {
  try {
    const stored = JSON.parse(sessionStorage.getItem(PLACE) ?? 'null') as Partial<Stored> | null;
    if (stored === null || stored.accountId !== accountId || stored.path !== path) return null;
    if (typeof stored.atMs !== 'number' || Date.now() - stored.atMs > KEPT_MS) return null;
    return {
      code: typeof stored.code === 'string' ? stored.code : undefined,
      teamId: typeof stored.teamId === 'string' ? stored.teamId : null,
      budget: typeof stored.budget === 'string' ? stored.budget : '',
    };
  } catch {
    return null;
  }
}

export function forgetApproval(): void {
  try {
    sessionStorage.removeItem(PLACE);
  } catch {
    // What cannot be stored need not be removed.
  }
}

/** Returns the address of the open page, in the form that the server takes to come back to. */
export function pathToComeBackTo({ pathname, search }: Pick<Location, 'pathname' | 'search'>): string {
  const parameters = new URLSearchParams(search).toString();
  return parameters === '' ? pathname : `${pathname}?${parameters}`;
}
