import { createContext, type ReactNode, useContext, useEffect } from 'react';

const FieldContext = createContext<string | null>(null);

/** Returns the field at which the dialog was opened: `rate_limits.rpm`. Null if it was opened at its beginning. */
export function useFieldToOpen(): string | null {
  return useContext(FieldContext);
}

interface OpenAtProps {
  /** The `data-at` of a field or of a part of the form. Null moves nothing. */
  readonly field: string | null;
  readonly children: ReactNode;
}

/** The content of a dialog that was opened to change one field. Moves this field into view, and the focus into it. */
export function OpenAt({ field, children }: OpenAtProps) {
  useEffect(() => (field === null ? undefined : focusSoon(field)), [field]);
  return <FieldContext value={field}>{children}</FieldContext>;
}

/** A section that is still opening has no field that can take the focus, so this looks again for about a second. */
const FRAMES_MAX = 60;

function focusSoon(field: string): () => void {
  let frame = 0;
  let left = FRAMES_MAX;
  const look = () => {
    left -= 1;
    if (!focusAt(field) && left > 0) frame = requestAnimationFrame(look);
  };
  frame = requestAnimationFrame(look);
  return () => cancelAnimationFrame(frame);
}

const CONTROLS = 'input:not(:disabled):not([type="hidden"]), textarea:not(:disabled), button:not(:disabled)';

/** Returns true once the focus is in the field, or the field is shown and all of it is disabled. */
function focusAt(field: string): boolean {
  const place = placeOf(field) ?? placeOf(field.split('.')[0] ?? '');
  if (place === null || place.getClientRects().length === 0) return false;
  place.scrollIntoView({ block: 'center' });
  const control = controlIn(place);
  control?.focus({ preventScroll: true });
  return control === null || document.activeElement === control;
}

/** Returns the first control of a place. Of radio buttons, the chosen one, as the Tab key reaches it. */
function controlIn(place: Element): HTMLElement | null {
  const first = place.querySelector<HTMLElement>(CONTROLS);
  if (!(first instanceof HTMLInputElement && first.type === 'radio')) return first;
  return place.querySelector<HTMLElement>('input[type="radio"]:checked') ?? first;
}

function placeOf(field: string): Element | null {
  return document.querySelector(`[role="dialog"] [data-at="${CSS.escape(field)}"]`);
}
