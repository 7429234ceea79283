// Turns the rule into a component: `node build.js [OUTPUT]`, by default `dist/bundle-discount.wasm`.
//
// The engine's start, the sources and the manifest are run now and kept in the component's memory image, so a call
// starts with everything parsed. Every feature that would import WASI is off: a pricing rule has no clock, no
// randomness, no network and no output.
import { componentize } from '@bytecodealliance/componentize-js';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const here = import.meta.dirname;
const output = resolve(process.argv[2] ?? join(here, 'dist', 'bundle-discount.wasm'));

const { name, version, description } = JSON.parse(await readFile(join(here, 'package.json'), 'utf8'));
const configSchema = await readFile(join(here, 'config-schema.json'), 'utf8');
const rule = await readFile(join(here, 'src', 'bundles.js'), 'utf8');
const manifest = { name, version, description, kind: 'pricing', configSchema };

const folder = await mkdtemp(join(tmpdir(), 'soko-component-'));
try {
  const source = join(folder, 'component.js');
  await writeFile(join(folder, 'bundles.js'), rule);
  await writeFile(
    source,
    `export { priceOrder } from './bundles.js';\nexport const describe = () => (${JSON.stringify(manifest)});\n`,
  );
  const { component, imports } = await componentize({
    sourcePath: source,
    witPath: join(here, '..', '..', '..', 'wit', 'pricing-0.1.0'),
    worldName: 'pricing',
    disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
  });
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, component);
  console.log(`${output}: ${component.length} bytes; host functions used: ${JSON.stringify(imports)}`);
} finally {
  await rm(folder, { recursive: true });
}
