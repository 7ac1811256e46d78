import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { functionHashes } from '../../../runtime/app/function-hashes.ts';
import { projects } from '../cli/project.ts';

const project = projects();
const files = {
  'processors/shout.ts': "import { loud } from '../shared/loud.ts';\nexport const shout = loud;\n",
  'processors/count.ts': 'export const count = () => 1;\n',
  'shared/loud.ts': "import { map } from 'rxjs';\nexport { volume } from './volume';\n",
  'shared/volume.ts': "export const volume = 11;\nexport * from './loud.ts';\n",
};

const hashes = (cwd: string) => functionHashes(['count', 'shout'], join(cwd, 'processors'));

describe('functionHashes', () => {
  test('is the same wherever the project lies', () => {
    expect(hashes(project(files))).toEqual(hashes(project(files)));
  });

  test('changes with a file that is imported by way of another, for its function alone', () => {
    const cwd = project(files);
    const before = hashes(cwd);
    writeFileSync(join(cwd, 'shared/volume.ts'), 'export const volume = 12;\n');
    const after = hashes(cwd);
    expect(after.get('shout')).not.toBe(before.get('shout'));
    expect(after.get('count')).toBe(before.get('count'));
  });

  test('has none for a file that is not there, nor without a folder', () => {
    expect([...functionHashes(['no-such'], project(files)).keys()]).toEqual([]);
    expect([...functionHashes(['shout'], undefined).keys()]).toEqual([]);
  });
});
