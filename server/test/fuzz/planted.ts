/** Faults that were there, or could be, each as a change of one of the product's own lines. The fuzz must find every one of them. */

export interface PlantedFault {
  readonly name: string;
  /** Files below `server/src`, and what stands in each instead of what. Each text must be there exactly once. */
  readonly changes: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

export const PLANTED: readonly PlantedFault[] = [
  {
    name: 'usage behind the border as the provider wrote it',
    changes: [
      {
        file: 'dialects/plausible.ts',
        from: "return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;",
        to: 'return max > 0;',
      },
      { file: 'dialects/plausible.ts', from: "return sum <= SUM_MAX ? buckets : 'implausible';", to: 'return buckets;' },
    ],
  },
  {
    name: 'names in headers as they are',
    changes: [{ file: 'lib/header-text.ts', from: 'if (PLAIN.test(name)) return name;', to: 'if (name !== null) return name;' }],
  },
  {
    name: 'a callback of the journal that throws, and nobody who catches it',
    changes: [
      {
        file: 'ledger/callbacks.ts',
        from: 'this.#tell(error, requestIds[at] as string);',
        to: 'throw error;',
      },
      {
        file: 'proxy/settle.ts',
        from: 'const { hold, usedTokens, usedNanoUsd } = admission;',
        to: "const { hold, usedTokens, usedNanoUsd } = admission; if (usedTokens % 97 === 13) throw new RangeError('planted');",
      },
    ],
  },
  {
    name: 'a stored row counted again whatever it holds',
    changes: [
      {
        file: 'proxy/snapshot/restore.ts',
        from: 'return amount >= 0 && Number.isSafeInteger(amount);',
        to: 'return amount !== null;',
      },
    ],
  },
  {
    name: 'a journal record that must be readable',
    changes: [{ file: 'ledger/replay.ts', from: 'if (!(error instanceof UnreadableRecord)) throw error;', to: 'throw error;' }],
  },
  {
    name: 'settling with the team the key has now',
    changes: [
      {
        file: 'proxy/settle.ts',
        from: "import { contentToKeep } from './content.ts';",
        to: "import { contentToKeep } from './content.ts'; import { chargedFor } from './charged.ts';",
      },
      {
        file: 'proxy/settle.ts',
        from: '...admission.charged,',
        to: '...chargedFor(admission.key.config, admission.charged.calledName),',
      },
    ],
  },
  {
    name: 'a month that is none, taken for that of the rows behind it',
    changes: [
      {
        file: 'ledger/row-reader.ts',
        from: 'if (!(ms >= this.#month.startMs && ms < this.#month.endMs)) {',
        to: 'if (ms < this.#month.startMs || ms >= this.#month.endMs) {',
      },
    ],
  },
  {
    name: 'groups that count on as if nobody had been labelled otherwise',
    changes: [
      {
        file: 'proxy/snapshot/snapshot.ts',
        from: 'if (changed.size === 0) return;',
        to: 'if (changed.size >= 0) return;',
      },
    ],
  },
  {
    name: 'a hold that stays with the group the model has left',
    changes: [
      { file: 'counters/memory/take.ts', from: 'const stays = left?.[i] ? 0 : used[unit]!;', to: 'const stays = used[unit]!;' },
    ],
  },
];
