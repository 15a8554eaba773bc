/** What a login leaves behind for one number; kept sealed. */
import { z } from 'zod';

export const credentialsShape = z.object({
  phoneNumberId: z.string().regex(/^\d{1,32}$/),
  accessToken: z.string().min(1),
  appSecret: z.string().min(1),
  verifyToken: z.string().min(1),
  /** Of the WhatsApp Business Account, where it was given: its templates are asked for by it. */
  businessAccountId: z
    .string()
    .regex(/^\d{1,32}$/)
    .optional(),
});

export type Credentials = z.output<typeof credentialsShape>;
