import { Anchor, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useName } from '../api/names.ts';
import { addressOf } from './shell/addresses.ts';

/** An object's name alone, or its id if the name is not known. */
export function NameText({ id }: { id: string }) {
  const name = useName(id);
  return name === null ? <span className="mono">{id}</span> : <bdi>{name}</bdi>;
}

/** An object's name as a link to its page. Shows the id if the name is not known. */
export function Named({ id }: { id: string | null | undefined }) {
  const name = useName(id);
  if (id == null)
    return (
      <Text component="span" inherit c="dimmed">
        –
      </Text>
    );
  const to = addressOf(id);
  const shown = name ?? `${id.slice(0, id.indexOf('_') + 1)}…${id.slice(-6)}`;
  const text = (
    <bdi title={name ?? id} className={name === null ? 'mono short-name' : 'short-name'}>
      {shown}
    </bdi>
  );
  if (to === null)
    return (
      <Text component="span" inherit>
        {text}
      </Text>
    );
  return (
    <Anchor component={Link} to={to} inherit onClick={(event) => event.stopPropagation()}>
      {text}
    </Anchor>
  );
}
