/** The result of reading untrusted text: a value, or one sentence that says what is wrong with it and never repeats a secret. */
export type Parsed<T> = { readonly is: 'valid'; readonly value: T } | { readonly is: 'invalid'; readonly problem: string };

export function valid<T>(value: T): Parsed<T> {
  return { is: 'valid', value };
}

export function invalid(problem: string): { readonly is: 'invalid'; readonly problem: string } {
  return { is: 'invalid', problem };
}
