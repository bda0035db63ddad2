import { useState } from 'react';
import { Problem } from '../../api/client.ts';
import type { Choices, ConflictDialog } from './ConflictDialog.tsx';
import { bodyOf, changedParts, type EditPart, mergeOf } from './edit-parts.ts';
import { words } from './words.ts';

export interface Version<T> {
  readonly data: T;
  readonly etag: string | null;
}

export interface Editable<T, V extends object> {
  readonly read: () => Promise<Version<T>>;
  readonly draftOf: (data: T) => V;
  readonly parts: readonly EditPart<V>[];
  /** Saves the change. `body` holds only the parts that differ. */
  readonly save: (body: object, etag: string | null, draft: V) => Promise<unknown>;
}

interface Base<T, V> extends Version<T> {
  readonly draft: V;
}

interface Conflict<T, V> {
  readonly mine: V;
  readonly theirs: Base<T, V>;
}

type Question = Omit<Parameters<typeof ConflictDialog>[0], 'opened' | 'what'>;

export interface Edited<T, V extends object> {
  /** The version that the draft started from. */
  readonly base: Base<T, V>;
  /** Replaces the base by another version that was read. What the person typed stays. */
  rebase(version: Version<T>): void;
  /** Sends the parts that differ. If somebody else saved first, sets `question` and throws 412. */
  save(mine: V): Promise<void>;
  /** Both versions, field by field, for a ConflictDialog. Null while there is no conflict. */
  readonly question: Question | null;
}

/**
 * Edits one object that others may change at the same time. Only the first `loaded` is used. After a conflict, `take` gives the
 * form the merged draft.
 */
export function useEdited<T, V extends object>(
  { read, draftOf, parts, save }: Editable<T, V>,
  loaded: Version<T>,
  take: (draft: V, base: V) => void,
): Edited<T, V> {
  const baseOf = (version: Version<T>): Base<T, V> => ({ ...version, draft: draftOf(version.data) });
  const [base, setBase] = useState(() => baseOf(loaded));
  const [conflict, setConflict] = useState<Conflict<T, V> | null>(null);
  const send = async (mine: V) => {
    try {
      await save(bodyOf(changedParts(parts, mine, base.draft), mine), base.etag, mine);
    } catch (error) {
      if (!(error instanceof Problem && error.status === 412)) throw error;
      const theirs = baseOf(await read());
      setConflict({ mine, theirs });
      throw new Problem(412, words.someoneElseSaved);
    }
  };
  const questionOf = ({ mine, theirs }: Conflict<T, V>): Question => {
    const { conflicts, taken } = mergeOf(parts, { base: base.draft, mine, theirs: theirs.draft });
    const resolve = (choices: Choices) => {
      const fromThem = new Set([...taken, ...conflicts.filter(({ name }) => choices[name] === 'theirs')]);
      const fromMe = parts.filter((part) => !fromThem.has(part));
      take({ ...theirs.draft, ...pick(mine, fromMe) }, theirs.draft);
      setBase(theirs);
      setConflict(null);
    };
    return {
      fields: conflicts.map(({ name, label, words }) => ({ name, label, yours: words(mine), theirs: words(theirs.draft) })),
      taken: taken.map(({ label }) => label),
      onResolve: resolve,
      onCancel: () => setConflict(null),
    };
  };
  return {
    base,
    rebase: (version) => setBase(baseOf(version)),
    save: send,
    question: conflict === null ? null : questionOf(conflict),
  };
}

function pick<V extends object>(draft: V, parts: readonly EditPart<V>[]): Partial<V> {
  return Object.fromEntries(parts.map(({ name }) => [name, draft[name]])) as Partial<V>;
}
