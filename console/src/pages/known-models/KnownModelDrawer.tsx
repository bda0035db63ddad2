import { Drawer, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Facts } from '../../components/Facts.tsx';
import { priceLines } from '../../components/money/price-words.ts';
import { PageLink } from '../../components/PageLink.tsx';
import { Section } from '../../components/Section.tsx';
import { Time } from '../../components/Time.tsx';
import { links } from '../../links.ts';
import { Money } from '../../numbers/Money.tsx';
import { ProviderBadge } from '../models/ProviderBadge.tsx';
import { Features } from './features.tsx';
import { type KnownModel, SourceOrigin } from './sources.tsx';
import { words } from './words.ts';

interface KnownModelDrawerProps {
  /** The opened model. Null: the drawer is closed. */
  readonly model: KnownModel | null;
  readonly onClose: () => void;
  /** The button that adds a deployment. */
  readonly action: ReactNode;
}

/** One known model: its limits, its features, and every source with its prices. */
export function KnownModelDrawer({ model, onClose, action }: KnownModelDrawerProps) {
  return (
    <Drawer
      opened={model !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={model?.upstream_model}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      {model !== null && <Content of={model} action={action} />}
    </Drawer>
  );
}

function Content({ of: model, action }: { of: KnownModel; action: ReactNode }) {
  const { last_checked_at: checked, deployment_count: count } = model;
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          [words.provider, <ProviderBadge key="provider" provider={model.provider} />],
          [words.contextWindow, tokensText(model.context_window)],
          [words.maximumOutput, tokensText(model.max_output_tokens)],
          [words.lastChecked, checked === null ? words.notStated : <Time key="checked" at={checked} relative />],
          [words.deployments, <DeploymentCount key="deployments" of={model} />],
        ]}
      />
      <Section title={words.features} order={3}>
        <Features of={model.features} shown={model.features.length} />
      </Section>
      <Section title={words.pricesAndSources} order={3}>
        <Sources of={model} />
      </Section>
      <Group>
        {action}
        {count > 0 && (
          <Text fz="sm">
            <PageLink at={links.models({ search: model.upstream_model, provider: model.provider })}>
              {words.showDeployments}
            </PageLink>
          </Text>
        )}
      </Group>
    </Stack>
  );
}

function DeploymentCount({ of }: { of: KnownModel }) {
  return <>{of.deployment_count === 0 ? words.notDeployed : words.deploymentCount(of.deployment_count)}</>;
}

function Sources({ of: model }: { of: KnownModel }) {
  const hasPrice = model.prices !== null;
  return (
    <Stack gap="md">
      <Text fz="sm" c="dimmed">
        {hasPrice ? words.pricePerMillionOrUnit : words.noSourceHasPrice}
      </Text>
      {model.sources.map((source) => (
        <Stack key={`${source.kind}:${source.list}`} gap={2}>
          <SourceOrigin of={source} />
          {priceLines(source.prices).map(({ label, usd }) => (
            <Group key={label} justify="space-between" gap="sm">
              <Text fz="sm">{label}</Text>
              <Text fz="sm">{usd !== null && <Money usd={usd} exact />}</Text>
            </Group>
          ))}
        </Stack>
      ))}
    </Stack>
  );
}

function tokensText(count: number | null): string {
  return count === null ? words.notStated : words.tokens(count);
}
