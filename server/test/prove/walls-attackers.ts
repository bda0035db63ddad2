/**
 * The process of walls-bodies.ts that attacks, with a provider of its own. It has the lowest priority that there is: attackers stand on other
 * machines, and what they take of this one's processors would be taken for what the gateway makes others wait.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { startVendor } from '../support/vendor-double.ts';
import { type AttackName, attack, type Done, type Target } from './walls-attacks.ts';

interface Order {
  readonly name: AttackName;
  readonly target: Target;
  readonly quick: boolean;
}

/** What comes of an order. */
type Report = { readonly done: Done } | { readonly broken: string };

if (process.send !== undefined && process.argv[1] === import.meta.filename) await begin();

async function begin(): Promise<void> {
  process.once('disconnect', () => process.exit());
  const vendor = await startVendor();
  process.on('message', async ({ name, target, quick }: Order) => {
    vendor.forget();
    const report: Report = await attack(name, target, quick).then(
      (done) => ({ done }),
      (error: Error) => ({ broken: error.stack ?? error.message }),
    );
    process.send?.(report);
  });
  process.send?.(vendor.base);
}

/** That process, seen from the one that judges. */
export class Attackers {
  readonly #child: ChildProcess;
  /** Where their provider is, without `/v1`. */
  readonly provider: string;

  private constructor(child: ChildProcess, provider: string) {
    this.#child = child;
    this.provider = provider;
  }

  static async start(): Promise<Attackers> {
    const child = fork(import.meta.filename, { execPath: 'nice', execArgv: ['-n', '19', process.execPath] });
    const [provider] = (await once(child, 'message')) as [string];
    return new Attackers(child, provider);
  }

  /** Rejects where the attack itself broke. */
  async attack(name: AttackName, target: Target, quick: boolean): Promise<Done> {
    this.#child.send({ name, target, quick } satisfies Order);
    const [report] = (await once(this.#child, 'message')) as [Report];
    if ('broken' in report) throw new Error(`${name}: ${report.broken}`);
    return report.done;
  }

  leave(): void {
    this.#child.kill();
  }
}
