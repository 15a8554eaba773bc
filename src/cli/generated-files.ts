/**
 * The files that are made from the code and committed, so that they cannot say something else than the code does:
 * `npm run generate` writes them, and a test fails when they differ.
 */
import { stringify } from 'yaml';
import { sampleOf } from '../config/sample.ts';
import { jsonSchemaOf } from '../config/settings.ts';
import { makeRegistration } from '../matrix/registration.ts';
import { configSchema } from './configuration.ts';
import { errorsTable } from './errors-table.ts';
import { pageWith } from './generated-section.ts';
import { kindsTable } from './kinds-table.ts';
import { metricsPage } from './metrics-page.ts';
import { registrationOptions } from './registration.ts';

export interface GeneratedFile {
  /** From the top of the repository. */
  readonly path: string;
  readonly content: string;
}

const registrationHeader = `# A sample of the file that makes bridge and homeserver known to each other. It cannot be used as it is: the bridge refuses
# its tokens. \`chancery registration\` writes the real one, with random tokens, from your configuration.
#
# Generated from src/matrix/registration.ts by \`npm run generate\`.
`;

export async function generatedFiles(): Promise<GeneratedFile[]> {
  return [
    { path: 'config/chancery.sample.yaml', content: sampleOf(configSchema) },
    { path: 'config/chancery.schema.json', content: `${JSON.stringify(jsonSchemaOf(configSchema), undefined, 2)}\n` },
    { path: 'docs/metrics.md', content: metricsPage() },
    {
      path: 'docs/networks/whatsapp.md',
      content: pageWith('docs/networks/whatsapp.md', {
        'table of kinds': kindsTable(),
        'table of errors': errorsTable(),
      }),
    },
    { path: 'registration.yaml', content: await sampleRegistration() },
  ];
}

async function sampleRegistration(): Promise<string> {
  const config = configSchema.parse({ homeserver: { url: 'http://localhost:8008', server_name: 'agency.example' } });
  const registration = await makeRegistration(registrationOptions(config));
  const sample = { ...registration, as_token: 'PLACEHOLDER-1-see-above', hs_token: 'PLACEHOLDER-2-see-above' };
  return `${registrationHeader}${stringify(sample)}`;
}
