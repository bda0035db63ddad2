import type { IconProps } from '@tabler/icons-react';
import type { ComponentType } from 'react';

/** One line of the command palette. */
export interface Offer {
  readonly key: string;
  readonly label: string;
  readonly description?: string;
  readonly icon: ComponentType<IconProps>;
  /** True for an action that the person may not use. The description says who can. */
  readonly isForbidden?: boolean;
  run(): void;
}

export interface OfferGroup {
  readonly label: string;
  readonly offers: readonly Offer[];
}

/** Opens a page. */
export type Go = (to: string, search?: Readonly<Record<string, string>>) => void;

/** Reports whether every typed word is a part of the label. */
export function matches(label: string, wanted: string): boolean {
  const lower = label.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((part) => lower.includes(part));
}
