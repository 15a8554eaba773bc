/**
 * Everything that reads what others wrote. Who adds a listener or a parser adds it here.
 *
 * | target | what is read, and where |
 * |---|---|
 * | `webhook` | WhatsApp's webhook by HTTP: src/networks/whatsapp/webhook.ts, src/base/http-listener.ts, the sink, the store |
 * | `transactions` | the homeserver's pushes by HTTP: src/matrix/transactions.ts, ephemeral.ts, src/bridge/intake.ts, the store |
 * | `control` | the control socket: src/cli/control-server.ts, pending-logins.ts, src/networks/whatsapp/login.ts |
 * | `monitoring` | those who watch, by HTTP: src/cli/monitoring.ts |
 * | `webhook-decoder` | changes of a webhook: src/networks/whatsapp/envelope.ts, decode.ts, message-content.ts, notices.ts, identity.ts |
 * | `room-event` | events of a room: src/matrix/room-event.ts, read-event.ts, read-message.ts, src/networks/whatsapp/send-body.ts |
 * | `graph-answers` | answers of the Graph API: src/networks/whatsapp/graph.ts, session.ts, media-download.ts, login.ts |
 * | `homeserver-answers` | answers of the homeserver: src/matrix/homeserver.ts, requests.ts, read-answer.ts, homeserver-media.ts |
 * | `control-answers` | answers at the control socket: src/cli/control-client.ts |
 * | `html` | HTML of messages: src/matrix/read-html.ts, and what is written from it |
 * | `marks` | WhatsApp's marks: src/networks/whatsapp/formatting.ts, and what is written from them |
 * | `ranges` | styled ranges: src/matrix/render-html.ts, src/model/rich-text.ts |
 * | `json` | JSON of strangers: src/base/json.ts |
 * | `configuration` | YAML and variables: src/config/loader.ts, yaml-text.ts, environment.ts, problems.ts |
 * | `registration` | the registration: src/matrix/read-registration.ts |
 * | `database-key` | the key: src/vault/database-key.ts |
 * | `sealed-files` | sealed files and values: src/vault/sealed-files.ts, sealed-format.ts, sealed-values.ts |
 * | `media-headers` | what is claimed about a file: mime-type.ts, multipart.ts, content-uri.ts, link-words.ts, answer-body.ts, timestamps.ts |
 * | `bot-commands` | commands: src/bot/bot.ts |
 */
import { controlListener } from './listeners/control.ts';
import { monitoringListener } from './listeners/monitoring.ts';
import { transactionListener } from './listeners/transactions.ts';
import { webhookListener } from './listeners/webhook.ts';
import { controlAnswers, graphAnswers, homeserverAnswers } from './parsers/answers.ts';
import { botCommands } from './parsers/commands.ts';
import { json, roomEventDecoder, webhookDecoder } from './parsers/decoders.ts';
import { mediaHeaders, sealedFiles } from './parsers/media.ts';
import { configuration, databaseKey, registration } from './parsers/settings-files.ts';
import { html, ranges, whatsAppMarks } from './parsers/texts.ts';
import type { Target } from './target.ts';

/** The slow ones first, so that two workers end at about the same time. */
const targets: readonly Target[] = [
  configuration,
  webhookListener,
  homeserverAnswers,
  transactionListener,
  graphAnswers,
  controlListener,
  monitoringListener,
  registration,
  controlAnswers,
  mediaHeaders,
  sealedFiles,
  webhookDecoder,
  roomEventDecoder,
  html,
  whatsAppMarks,
  ranges,
  json,
  databaseKey,
  botCommands,
];

export const targetNames: readonly string[] = targets.map(({ name }) => name);

export function targetNamed(name: string): Target {
  const target = targets.find((each) => each.name === name);
  if (target === undefined) throw new Error(`there is no target ${name}`);
  return target;
}
