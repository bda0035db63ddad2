import type { UseFormReturnType } from '@mantine/form';
import { type RefObject, useEffect, useRef, useState } from 'react';

export interface Faults {
  /** Shows these messages at their fields, and moves the focus to the first field that has one. */
  found(errors: Readonly<Record<string, unknown>>): void;
}

/** Keeps the messages at a form's fields: the first one in view and with the focus, each of them only until its field is mended. */
export function useFaults<V extends object>(form: UseFormReturnType<V>, element: RefObject<HTMLFormElement | null>): Faults {
  const [times, setTimes] = useState(0);
  useEffect(() => {
    if (times > 0 && element.current !== null) focusFirstFault(element.current);
  }, [times, element]);
  useMending(form);
  return {
    found: (errors) => {
      form.setErrors(errors as Record<string, string>);
      setTimes((before) => before + 1);
    },
  };
}

/** Removes each message as soon as the value that it is about changes. */
function useMending<V extends object>(form: UseFormReturnType<V>): void {
  /** The value of each field that has a message, as it was when the message appeared. */
  const faulty = useRef(new Map<string, string>());
  useEffect(() => {
    const known = faulty.current;
    for (const path of known.keys()) if (!Object.hasOwn(form.errors, path)) known.delete(path);
    const mended = Object.keys(form.errors).filter((path) => {
      const value = JSON.stringify(valueAt(form.values, path)) ?? '';
      const before = known.get(path) ?? value;
      known.set(path, before);
      return value !== before;
    });
    if (mended.length === 0) return;
    form.setErrors(Object.fromEntries(Object.entries(form.errors).filter(([path]) => !mended.includes(path))));
  }, [form.errors, form.values, form.setErrors]);
}

/** Returns the value at a path, or the nearest value around it: the server may name a field more exactly than the form does. */
function valueAt(values: object, path: string): unknown {
  let value: unknown = values;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) break;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}

const TRY_MS = 50;
/** Longer than a collapsed part of a form takes to open. */
const TRIES = 8;

function focusFirstFault(form: HTMLFormElement, tries = TRIES): void {
  const field = firstFault(form);
  field?.focus({ preventScroll: true });
  field?.scrollIntoView({ block: 'center' });
  // Only while the person has not gone on: the field has the focus, or the button that sent the form still has it.
  const isWanted = () => [field, document.body].includes(document.activeElement as HTMLElement) || isButton();
  const isButton = () => document.activeElement?.matches('[type=submit]') === true;
  if (tries > 0) setTimeout(() => isWanted() && focusFirstFault(form, tries - 1), TRY_MS);
}

const INPUTS = 'input:not([disabled]), textarea:not([disabled]), button:not([disabled])';

function firstFault(form: HTMLFormElement): HTMLElement | null {
  const faulty = form.querySelector<HTMLElement>(':is(input, textarea)[aria-invalid="true"]:not([disabled])');
  if (faulty !== null) return faulty;
  // A group of inputs shows its message below them, and marks none of them.
  const message = form.querySelector('.mantine-InputWrapper-error');
  return message?.parentElement?.querySelector<HTMLElement>(INPUTS) ?? null;
}
