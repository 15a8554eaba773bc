/** WhatsApp's section of the configuration. It holds no secret: tokens are given at login. */
import { z } from 'zod';

const origin = z.url({
  protocol: /^https?$/,
  error: 'expected an http:// or https:// URL, for example https://graph.facebook.com',
});

const section = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('The address the bridge listens on for webhooks of WhatsApp.'),
  port: z.int().min(1).max(65_535).default(29_331).describe('The port the bridge listens on for webhooks of WhatsApp.'),
  path: z
    .string()
    .regex(/^\/[A-Za-z0-9/_-]{0,100}$/, 'expected a path, for example /whatsapp')
    .default('/whatsapp')
    .describe('The path of the webhook.'),
  public_url: origin
    .overwrite((value) => value.replace(/\/$/u, ''))
    .optional()
    .meta({ examples: ['https://bridge.agency.example'] })
    .describe(
      'The address under which Meta reaches the webhook, without its path. `chancery doctor` tries it; nothing else needs it.',
    ),
  graph_url: origin.default('https://graph.facebook.com').describe("Where Meta's Graph API is."),
  graph_version: z
    .string()
    .regex(/^v\d{1,3}\.\d{1,2}$/, 'expected a version, for example v23.0')
    .default('v23.0')
    .describe('The version of the Graph API.'),
  media_hosts: z
    .array(
      z
        .string()
        .min(1)
        .refine(
          (host) => URL.canParse(host.includes('://') ? host : `https://${host}`),
          'expected a host such as lookaside.fbsbx.com, or a URL',
        ),
    )
    .default(['lookaside.fbsbx.com'])
    .describe('Hosts that files of contacts may be fetched from, besides that of graph_url.'),
  evidence_seconds: z
    .int()
    .min(1)
    .max(3_600)
    .default(30)
    .describe(
      'How long to wait, after a connection broke in the middle of a send, for WhatsApp to report the message, before it is shown as uncertain.',
    ),
  history_wait_seconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(600)
    .describe(
      'When a number comes from the WhatsApp Business app with its history: how long new messages of a chat wait, after the last piece of its history, for another piece.',
    ),
  messages_per_second: z
    .int()
    .min(1)
    .max(1_000)
    .default(80)
    .describe('How many messages each number may send in a second; more wait.'),
});

export const whatsAppConfig = section.describe(
  'WhatsApp, through the Cloud API of Meta. Numbers are connected with `chancery login whatsapp`.',
);

export type WhatsAppConfig = z.output<typeof whatsAppConfig>;
