import { Problem } from './client.ts';

/**
 * Returns the server's messages about single fields by the form's own paths: `/budgets/0/amount` becomes `budgets.0.amount`.
 * Other messages are left out; the form shows them beside its button.
 */
export function fieldErrorsOf(error: unknown): Record<string, string> {
  if (!(error instanceof Problem)) return {};
  const named = Object.entries(error.fields).filter(([pointer]) => pointer.startsWith('/'));
  return Object.fromEntries(named.map(([pointer, message]) => [pathOf(pointer), sentenceOf(message)]));
}

/** Returns the same error with its messages at the form's own fields. `to` has the form's pointer of each that differs. */
export function movedFields(error: unknown, to: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof Problem)) return error;
  const fields = Object.fromEntries(Object.entries(error.fields).map(([pointer, message]) => [to[pointer] ?? pointer, message]));
  const { status, message, requestId, retryAfterSeconds } = error;
  return new Problem(status, message, { fields, requestId, retryAfterSeconds });
}

/** Returns true if the form shows every field that has a message, so that a note beside the button would only repeat them. */
export function isAllAtFields(error: unknown, shown: (path: string) => boolean): boolean {
  const paths = Object.keys(fieldErrorsOf(error));
  return paths.length > 0 && paths.every(shown);
}

/** Returns the error at a path of a form or, if that is a list, the first error below it. */
export function firstErrorOf(errors: Readonly<Record<string, unknown>>, path: string): string | undefined {
  const found = Object.entries(errors).find(([at]) => at === path || at.startsWith(`${path}.`))?.[1];
  return typeof found === 'string' ? found : undefined;
}

function pathOf(pointer: string): string {
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
}

function sentenceOf(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
