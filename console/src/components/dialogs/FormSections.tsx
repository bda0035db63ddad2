import { Alert, Box, NavLink, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, type RefObject, useEffect, useState } from 'react';
import type { Verdict } from '../../api/session.tsx';
import { useFieldToOpen } from './OpenAt.tsx';
import { WhyNot } from './WhyNot.tsx';
import { words } from './words.ts';

interface FormSectionProps {
  readonly title: string;
  readonly about?: string;
  /** The reason for which the person may not change it. */
  readonly verdict?: Verdict;
  readonly children: ReactNode;
}

/** A titled section of a long form. The list beside the form leads to it. */
export function FormSection({ title, about, verdict, children }: FormSectionProps) {
  return (
    <section aria-label={title} data-section={title} style={{ scrollMarginTop: HEADER_PX }}>
      <Title order={3} mb={4}>
        {title}
      </Title>
      {about !== undefined && (
        <Text fz="sm" c="dimmed" mb="xs">
          {about}
        </Text>
      )}
      {verdict?.allowed === false && (
        <Alert color="gray" py="xs" mb="xs">
          <WhyNot verdict={verdict} />
        </Alert>
      )}
      <Stack gap="md">{children}</Stack>
    </section>
  );
}

type Form = RefObject<HTMLFormElement | null>;

/** The height of a dialog's title, below which its content scrolls. */
const HEADER_PX = 64;

/** Lists the sections of a form on wide screens and marks the current one. Choosing one shows it and moves the focus into it. */
export function SectionList({ of: form, titles }: { of: Form; titles: readonly string[] }) {
  const current = useCurrent(form, titles);
  return (
    <Box component="nav" aria-label={words.sections} visibleFrom="md" w={150} flex="none" pos="sticky" top={HEADER_PX}>
      {titles.map((title) => (
        <NavLink
          key={title}
          component="button"
          type="button"
          label={title}
          active={title === current}
          aria-current={title === current ? 'true' : undefined}
          onClick={() => goTo(form.current, title)}
          py={5}
          style={{ borderRadius: 'var(--mantine-radius-sm)' }}
        />
      ))}
    </Box>
  );
}

/** Shows a section when the dialog opens, with the focus in its first field. Without one, the first field of all has it. */
export function useOpenedAt(form: Form, title: string | undefined): void {
  const field = useFieldToOpen();
  // biome-ignore lint/correctness/useExhaustiveDependencies: only once, when the form appears.
  useEffect(() => {
    // A dialog that was opened at a field has the focus there.
    if (field !== null) return;
    // The dialog chooses its focus when it opens, which may be before or just after the form appears.
    const timer = setTimeout(() => {
      const first = form.current?.querySelector<HTMLElement>('[data-autofocus]');
      if (title === undefined || !goTo(form.current, title)) first?.focus();
    }, 0);
    return () => clearTimeout(timer);
  }, []);
}

const FIELDS = 'input:not([disabled]):not([type=hidden]), textarea:not([disabled]), button:not([disabled])';

function goTo(form: HTMLFormElement | null, title: string): boolean {
  const section = sectionOf(form, title);
  if (section === null) return false;
  section.scrollIntoView({ block: 'start' });
  section.querySelector<HTMLElement>(FIELDS)?.focus({ preventScroll: true });
  return true;
}

function sectionOf(form: HTMLFormElement | null, title: string): HTMLElement | null {
  return form?.querySelector<HTMLElement>(`[data-section="${CSS.escape(title)}"]`) ?? null;
}

/** Returns the section that has the focus if its beginning is in view, otherwise the first one that is. */
function useCurrent(form: Form, titles: readonly string[]): string | undefined {
  const [current, setCurrent] = useState(titles[0]);
  useEffect(() => {
    const update = () => setCurrent((before) => currentOf(form.current, titles) ?? before);
    // Scrolling does not bubble: the dialog scrolls, not the page.
    const options = { capture: true, passive: true };
    document.addEventListener('scroll', update, options);
    document.addEventListener('focusin', update);
    return () => {
      document.removeEventListener('scroll', update, options);
      document.removeEventListener('focusin', update);
    };
  }, [form, titles]);
  return current;
}

function currentOf(form: HTMLFormElement | null, titles: readonly string[]): string | undefined {
  const focused = document.activeElement?.closest<HTMLElement>('[data-section]');
  if (focused != null && form?.contains(focused) && isInView(focused)) return focused.dataset.section;
  return titles.find((title) => {
    const section = sectionOf(form, title);
    return section !== null && section.getBoundingClientRect().bottom > HEADER_PX * 2;
  });
}

function isInView(section: HTMLElement): boolean {
  const { top, bottom } = section.getBoundingClientRect();
  return top < window.innerHeight - HEADER_PX && bottom > HEADER_PX * 2;
}
