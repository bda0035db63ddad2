import { Section } from '../profile/Section.tsx';
import { LoginsList } from './LoginsList.tsx';
import { words } from './words.ts';

/** The logins of the signed-in person. */
export function LoginsSection() {
  return (
    <Section title={words.logins} about={words.loginsMean}>
      <LoginsList whose={{ own: true }} />
    </Section>
  );
}
