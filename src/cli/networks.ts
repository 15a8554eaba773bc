/** The networks that this build knows. A new one is added here and nowhere else. */
import type { Network } from '../networks/contract.ts';
import { whatsapp } from '../networks/whatsapp/network.ts';

export const networks: readonly Network[] = [whatsapp];
