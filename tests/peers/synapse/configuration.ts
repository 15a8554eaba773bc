/** Synapse's own configuration for one test homeserver: on loopback, on SQLite, without limits that would slow a test. */
import { stringify } from 'yaml';

export interface HomeserverFacts {
  readonly serverName: string;
  readonly port: number;
  readonly directory: string;
  readonly registrationFiles: readonly string[];
  readonly registrationSecret: string;
  readonly macaroonSecret: string;
  readonly mediaLimitBytes: number;
}

const unlimited = { per_second: 100_000, burst_count: 100_000 };

/** `more` stands over what would be there otherwise. */
export function homeserverYaml(facts: HomeserverFacts, more: Readonly<Record<string, unknown>> = {}): string {
  const { serverName, port, directory, registrationFiles, registrationSecret, macaroonSecret, mediaLimitBytes } = facts;
  return stringify({
    server_name: serverName,
    report_stats: false,
    signing_key_path: `${directory}/signing.key`,
    trusted_key_servers: [],
    suppress_key_server_warning: true,
    macaroon_secret_key: macaroonSecret,
    registration_shared_secret: registrationSecret,
    enable_registration: false,
    presence: { enabled: false },
    url_preview_enabled: false,
    media_store_path: `${directory}/media`,
    max_upload_size: mediaLimitBytes,
    max_pending_media_uploads: 100_000,
    filter_timeline_limit: 5_000,
    pid_file: `${directory}/homeserver.pid`,
    log_config: `${directory}/log.yaml`,
    listeners: [
      {
        port,
        type: 'http',
        bind_addresses: ['127.0.0.1'],
        resources: [{ names: ['client', 'media'], compress: false }],
      },
    ],
    database: { name: 'sqlite3', args: { database: `${directory}/homeserver.db` } },
    app_service_config_files: registrationFiles,
    rc_message: unlimited,
    rc_registration: unlimited,
    rc_login: { address: unlimited, account: unlimited, failed_attempts: unlimited },
    rc_joins: { local: unlimited, remote: unlimited },
    rc_joins_per_room: unlimited,
    rc_invites: { per_room: unlimited, per_user: unlimited, per_issuer: unlimited },
    rc_room_creation: unlimited,
    rc_admin_redaction: unlimited,
    rc_media_create: unlimited,
    ...more,
  });
}

export const logYaml = (file: string): string =>
  stringify({
    version: 1,
    formatters: { plain: { format: '%(asctime)s %(levelname)s %(name)s %(message)s' } },
    handlers: { file: { class: 'logging.FileHandler', formatter: 'plain', filename: file } },
    root: { level: 'WARNING', handlers: ['file'] },
    disable_existing_loggers: false,
  });
