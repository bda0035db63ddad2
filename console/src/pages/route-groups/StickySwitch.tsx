import { Switch } from '@mantine/core';
import type { GetInputPropsReturnType } from '@mantine/form';
import { words } from './words.ts';

/** The switch of sticky sessions, for a model and for a route group. */
export function StickySwitch({ input }: { input: GetInputPropsReturnType }) {
  return <Switch label={words.sticky} description={words.stickyMeans} {...input} />;
}
