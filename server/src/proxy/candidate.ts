import type { DeploymentConfig } from '../domain/catalogue.ts';
import type { Price } from '../domain/price.ts';

/** One deployment that may serve, with the price in force. */
export interface Candidate {
  readonly deployment: DeploymentConfig;
  readonly price: Price | null;
  readonly weight: number;
  readonly priority: number;
}
