import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { type Session, useSession } from '../../api/session.tsx';
import { PATHS } from '../../paths.ts';
import { type Entry, navigationFor } from './navigation.ts';

/** The keys that work on every page. They do nothing while a person types, in a dialog, and with Ctrl, Alt or ⌘. */

/** The letter after `g` that opens each page. */
const JUMPS: Readonly<Record<string, string>> = {
  h: PATHS.overview,
  o: PATHS.organizations,
  t: PATHS.teams,
  p: PATHS.people,
  k: PATHS.keys,
  x: PATHS.accessExplorer,
  m: PATHS.models,
  l: PATHS.knownModels,
  c: PATHS.credentials,
  v: PATHS.presets,
  r: PATHS.routeGroups,
  g: PATHS.accessGroups,
  y: PATHS.playground,
  u: PATHS.usage,
  q: PATHS.requests,
  n: PATHS.alerts,
  a: PATHS.audit,
  f: PATHS.security,
  s: PATHS.settings,
};

/** The time between the two keys of a sequence. */
const SEQUENCE_MS_MAX = 1_200;

interface Jump {
  readonly letter: string;
  readonly entry: Entry;
}

/** Returns the jumps to the pages that this person may see, in the order of the navigation. */
export function jumpsFor(session: Session): readonly Jump[] {
  return navigationFor(session)
    .flatMap(({ entries }) => entries)
    .flatMap((entry) => {
      const letter = Object.keys(JUMPS).find((key) => JUMPS[key] === entry.to);
      return letter === undefined ? [] : [{ letter, entry }];
    });
}

/** Listens to the keys of the whole page. `onHelp` shows them. */
export function useShortcuts(onHelp: () => void): void {
  const session = useSession();
  const navigate = useNavigate();
  const pressedAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isForOthers(event)) return;
      const isSecond = event.timeStamp - pressedAt.current < SEQUENCE_MS_MAX;
      pressedAt.current = !isSecond && event.key === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY;
      const jump = isSecond ? jumpsFor(session).find(({ letter }) => letter === event.key) : undefined;
      if (jump !== undefined) void navigate({ to: jump.entry.to });
      else if (event.key === '?') onHelp();
      else if (event.key === 'j' || event.key === 'k') moveInList(event.key === 'j' ? 1 : -1);
      else if (event.key === 'Enter') return openRow(event);
      else if (!isSecond) return;
      event.preventDefault();
      // The second key of a sequence must not also create or edit something.
      event.stopPropagation();
    };
    window.addEventListener('keydown', onKey, { capture: true });
    return () => window.removeEventListener('keydown', onKey, { capture: true });
  }, [session, navigate, onHelp]);
}

function isForOthers({ target, ctrlKey, metaKey, altKey, key }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || ['Shift', 'Tab', 'Escape'].includes(key)) return true;
  if (!(target instanceof HTMLElement)) return true;
  if (target.isContentEditable || target.closest('input, textarea, select, [role="menu"], [role="listbox"]') !== null)
    return true;
  return document.querySelector('[role="dialog"][aria-modal="true"]') !== null;
}

/** Returns the attributes of a row of a list, which `j` and `k` focus. `opens`: a click on it opens something. */
export function listRow({ opens }: { readonly opens: boolean }) {
  return { 'data-list-row': opens ? 'opens' : 'plain', tabIndex: -1 };
}

const ROWS = '[data-list-row]';

function moveInList(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>(ROWS)].filter((row) => row.offsetParent !== null);
  const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = at === -1 ? (by === 1 ? rows[0] : rows.at(-1)) : rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

/** Opens the row that has the focus, as a click on it does; a row that opens nothing, by its first link. */
function openRow(event: KeyboardEvent): void {
  const row = event.target as HTMLElement;
  if (!row.matches(ROWS)) return;
  event.preventDefault();
  if (row.dataset.listRow === 'opens') row.click();
  else row.querySelector<HTMLElement>('a[href]')?.click();
}
