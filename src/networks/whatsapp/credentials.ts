/** What a login leaves behind for one number; kept sealed. */
import { z } from 'zod';

export const credentialsShape = z.object({
  phoneNumberId: z.string().regex(/^\d{1,32}$/),
  accessToken: z.string().min(1),
  appSecret: z.string().min(1),
  verifyToken: z.string().min(1),
});

export type Credentials = z.output<typeof credentialsShape>;
