import type { UseFormReturnType } from '@mantine/form';
import type { Problem } from '../api/client.ts';

/** What is wrong with fields, by their path in the form: `budgets.0.amount`. */
export type FieldErrors = Readonly<Record<string, unknown>>;

/** What every shared form piece takes: its value, what to do with a new one, and the form's errors below its own path. */
export interface Bound<T> {
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly errors?: FieldErrors;
  /** Where the piece stands in the form: `rate_limits`, `model_limits.2.rate_limits`. */
  readonly at: string;
  readonly disabled?: boolean;
}

/** Ties a piece to a field of a form. Changing it takes away what the server said of it, all the way down. */
export function bind<V, K extends keyof V & string>(form: UseFormReturnType<V>, at: K): Bound<V[K]> {
  return {
    at,
    value: form.getValues()[at],
    errors: form.errors,
    onChange: (value) => {
      form.setFieldValue(at, value as never);
      form.setErrors((before) => Object.fromEntries(Object.entries(before).filter(([path]) => !isBelow(path, at))));
    },
  };
}

/** The error of one field as text, or nothing. */
export function errorAt(errors: FieldErrors | undefined, path: string): string | undefined {
  const error = errors?.[path];
  return typeof error === 'string' ? error : undefined;
}

/** The server's pointers as a form's paths: `/budgets/0/amount` → `budgets.0.amount`. What names no field is left to the problem's note. */
export function formErrorsOf(problem: Problem): Record<string, string> {
  const named = Object.entries(problem.fields).filter(([pointer]) => pointer.startsWith('/') && pointer !== '/');
  return Object.fromEntries(named.map(([pointer, message]) => [pointer.slice(1).replaceAll('/', '.'), sentence(message)]));
}

function isBelow(path: string, at: string): boolean {
  return path === at || path.startsWith(`${at}.`);
}

function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
