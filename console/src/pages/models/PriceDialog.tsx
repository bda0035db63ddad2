import { TextInput } from '@mantine/core';
import { api, asked, ifMatch, type Schema } from '../../api/client.ts';
import { EditDialog } from '../../components/dialogs/EditDialog.tsx';
import type { EditPart } from '../../components/dialogs/edit-parts.ts';
import { PriceFields } from '../../components/money/PriceFields.tsx';
import {
  type PriceDraft as Draft,
  priceDraftOf,
  priceFaults,
  pricesFrom,
  priceWords,
} from '../../components/money/price-draft.ts';
import { bind } from '../../forms/bind.ts';
import { instantText } from '../../numbers/times.ts';
import { words } from './words.ts';

type Deployment = Schema<'Deployment'>;

interface PriceDraft {
  readonly prices: Draft;
  /** A `datetime-local` text in the person's time zone. Empty: now. */
  readonly effective_from: string;
}

interface PriceDialogProps {
  readonly deployment: Deployment;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Adds a price version. The form starts with the price in force. */
export function PriceDialog({ deployment, opened, onClose }: PriceDialogProps) {
  return (
    <EditDialog<Deployment, PriceDraft>
      opened={opened}
      onClose={onClose}
      title={words.newPriceOf(deployment.model)}
      size="lg"
      what={words.thisPrice}
      path={`/deployments/${deployment.id}`}
      verb={words.addPriceVersion}
      done={words.hasNewPrice(deployment.model)}
      draftOf={({ prices }) => ({ prices: priceDraftOf(prices), effective_from: '' })}
      validate={({ prices }) => priceFaults(prices, 'prices')}
      parts={PARTS}
      invalidates={['prices', 'deployment', 'deployments', 'callable-targets']}
      save={(_, etag, draft) =>
        asked(
          api.POST('/prices', {
            params: { header: ifMatch(etag) },
            body: { deployment_id: deployment.id, ...bodyOf(draft) },
          }),
        )
      }
    >
      {(form) => (
        <>
          <PriceFields {...bind(form, 'prices')} />
          <TextInput
            type="datetime-local"
            label={words.inEffectFrom}
            description={words.effectiveFromMeans}
            styles={{ wrapper: { width: 260 } }}
            {...form.getInputProps('effective_from')}
          />
        </>
      )}
    </EditDialog>
  );
}

/** Returns the version to send. A version is always a whole price, however little of it changed. */
function bodyOf({ prices, effective_from: from }: PriceDraft) {
  return { prices: pricesFrom(prices), ...(from === '' ? {} : { effective_from: new Date(from).toISOString() }) };
}

const PARTS: readonly EditPart<PriceDraft>[] = [
  {
    name: 'prices',
    label: words.price,
    hasEffect: true,
    body: ({ prices }) => ({ prices: pricesFrom(prices) }),
    words: ({ prices }) => priceWords(prices),
  },
  {
    name: 'effective_from',
    label: words.inEffectFrom,
    body: ({ effective_from: from }) => ({ effective_from: from }),
    words: ({ effective_from: from }) => (from === '' ? words.now : instantText(new Date(from))),
  },
];
