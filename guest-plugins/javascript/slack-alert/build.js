// Turns the handler into a component: `node build.js [OUTPUT]`, by default `dist/slack-alert.wasm`.
//
// The engine's start, the sources and the manifest are run now and kept in the component's memory image, so a call
// starts with everything parsed. Every feature of the engine that would import WASI is off: what the handler asks of
// the world it asks by the contract's own interfaces.
import { componentize } from '@bytecodealliance/componentize-js';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const here = import.meta.dirname;
const contracts = join(here, '..', '..', '..', 'wit');
const output = resolve(process.argv[2] ?? join(here, 'dist', 'slack-alert.wasm'));

const { name, version, description } = JSON.parse(await readFile(join(here, 'package.json'), 'utf8'));
const configSchema = await readFile(join(here, 'config-schema.json'), 'utf8');
const { CAPABILITIES } = await import('./src/capabilities.js');
const manifest = { name, version, description, kind: 'action', configSchema, capabilities: CAPABILITIES };

const folder = await mkdtemp(join(tmpdir(), 'soko-component-'));
try {
  const wit = join(folder, 'wit');
  await mkdir(join(wit, 'deps', 'host'), { recursive: true });
  await copyFile(join(contracts, 'action-0.1.0', 'action.wit'), join(wit, 'action.wit'));
  await copyFile(join(contracts, 'host-0.1.0', 'host.wit'), join(wit, 'deps', 'host', 'host.wit'));
  for (const source of ['alert.js', 'capabilities.js']) {
    await copyFile(join(here, 'src', source), join(folder, source));
  }
  const source = join(folder, 'component.js');
  await writeFile(
    source,
    `import { send } from 'soko:host/http@0.1.0';
import { read } from 'soko:host/secrets@0.1.0';
import { handler } from './alert.js';
export const handle = handler({ send, read });
export const describe = () => (${JSON.stringify(manifest)});
`,
  );
  const { component, imports } = await componentize({
    sourcePath: source,
    witPath: wit,
    worldName: 'action',
    disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
  });
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, component);
  console.log(`${output}: ${component.length} bytes; host functions used: ${JSON.stringify(imports)}`);
} finally {
  await rm(folder, { recursive: true });
}
