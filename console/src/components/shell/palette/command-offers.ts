import { useMantineColorScheme } from '@mantine/core';
import type { Session } from '../../../api/session.tsx';
import { useSignOut } from '../../../api/sign-out.ts';
import { useOpenPage } from '../../PageLink.tsx';
import { type Command, commandsFor } from '../commands.ts';
import { matches, type Offer } from './offer.ts';

/** Returns the commands that match. */
export function commandOffers(wanted: string, session: Session, run: (command: Command) => void): readonly Offer[] {
  return commandsFor(session)
    .filter(({ label }) => matches(label, wanted))
    .map((command) => ({ key: command.label, label: command.label, icon: command.icon, run: () => run(command) }));
}

/** Returns a function that runs a command. */
export function useRun(): (command: Command) => void {
  const openPage = useOpenPage();
  const signOut = useSignOut();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return ({ does }) => {
    switch (does.is) {
      case 'go':
        void openPage(does);
        return;
      case 'theme': {
        const isDark = colorScheme === 'dark' || (colorScheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
        setColorScheme(isDark ? 'light' : 'dark');
        return;
      }
      case 'sign_out':
        void signOut();
    }
  };
}
