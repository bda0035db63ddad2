import { COMMANDS, COMMON_FLAGS, SERVER_COMMANDS } from './commands.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Returns a script for the shell to load, made from the list of commands. It completes words first, then the command's flags. */
export function completionScript(shell: (typeof SHELLS)[number]): string {
  switch (shell) {
    case 'bash':
      return bash();
    case 'zsh':
      // zsh can load bash completions, so both shells use one script.
      return `#compdef headgate\nautoload -U +X bashcompinit && bashcompinit\n${bash()}`;
    case 'fish':
      return fish();
  }
}

/** Returns the words that may follow each beginning: `'keys'` → list, create…; `'keys list'` → its flags. */
function followers(): ReadonlyMap<string, readonly string[]> {
  const after = new Map<string, Set<string>>([['', new Set(['help', 'completion'])]]);
  const add = (beginning: string, word: string) => after.set(beginning, (after.get(beginning) ?? new Set()).add(word));
  for (const { words } of [...SERVER_COMMANDS, ...COMMANDS]) {
    for (const [at, word] of words.entries()) add(words.slice(0, at).join(' '), word);
  }
  for (const { words, flags } of COMMANDS) {
    for (const { name } of [...flags, ...COMMON_FLAGS]) add(words.join(' '), `--${name}`);
  }
  for (const shell of SHELLS) add('completion', shell);
  return new Map([...after].map(([beginning, words]) => [beginning, [...words]]));
}

function bash(): string {
  const cases = [...followers()].map(([beginning, words]) => `    '${beginning}') words='${words.join(' ')}' ;;`).join('\n');
  // An operand may come between a command and its flags, so the longest known beginning counts.
  return `_headgate() {
  local words typed="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) break ;; *) typed="\${typed:+$typed }$word" ;; esac
  done
  while :; do
    case "$typed" in
${cases}
    *" "*) typed="\${typed% *}"; continue ;;
    *) typed=''; continue ;;
    esac
    break
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _headgate headgate
`;
}

function fish(): string {
  const lines = [...followers()].flatMap(([beginning, words]) => words.map((word) => fishLine(beginning.split(' '), word)));
  return ['complete -c headgate -f', ...lines, ''].join('\n');
}

function fishLine(typed: readonly string[], word: string): string {
  const [first = '', second] = typed;
  const seen = first === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${first}`;
  const condition = second === undefined ? seen : `${seen}; and __fish_seen_subcommand_from ${second}`;
  const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
  return `complete -c headgate -n '${condition}' ${what}`;
}
