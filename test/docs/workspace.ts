import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blocksOf, edited, matches, stepsOf } from './markdown.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders = ['topology', 'processors', 'schemas', 'runtime'];

/** What the pages write → what is run here: the sources, so that nothing must be built before. */
const commands: readonly (readonly [RegExp, string])[] = [
  [/^npx millrace\b/, 'node node_modules/millrace/runtime/cli/main.ts'],
  [/^npm start(?: --)?/, 'node runtime/orders/start.ts'],
  [/^npx (\w+)/, 'node_modules/.bin/$1'],
];

/**
 * A folder where a reader of the pages could be: in the repository (by links to its folders, so a page must not write into them), or in a project of the
 * reader's own that has the package.
 */
export class Workspace {
  readonly folder: string;

  constructor(kind: 'repository' | 'project') {
    this.folder = mkdtempSync(join(tmpdir(), 'millrace-docs-'));
    if (kind === 'repository') {
      for (const name of folders) symlinkSync(join(root, name), join(this.folder, name));
    }
    const modules = join(this.folder, 'node_modules');
    mkdirSync(modules);
    for (const name of readdirSync(join(root, 'node_modules'))) {
      if (name === 'millrace' || name === '.vite') continue;
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
    }
    const manifest = readFileSync(join(root, 'package.json'), 'utf8');
    const self = join(modules, 'millrace');
    mkdirSync(self);
    const sources = manifest
      .replaceAll(/\.\/dist\/([\w/]+)\.d\.ts/g, './$1.ts')
      .replaceAll(/\.\/dist\/([\w/]+)\.js/g, './$1.ts');
    writeFileSync(join(self, 'package.json'), sources);
    for (const name of folders) symlinkSync(join(root, name), join(self, name));
    writeFileSync(join(this.folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  }

  /** Writes the files of a page and runs its commands, in order. Returns how many commands ran. @throws Error naming the line that is not true */
  async follow(page: string, name: string): Promise<number> {
    let ran = 0;
    for (const block of blocksOf(page)) {
      const { language, note, text, line } = block;
      const [kind, argument = ''] = (note ?? '').split(': ');
      if (kind === 'not run' || language === 'text' || language === 'mermaid') continue;
      if (kind === 'file') this.write(argument, text);
      else if (kind === 'edit') this.edit(argument, text);
      else if (language === 'console') ran += await this.runSteps(block, name);
      else
        throw new Error(`${name}:${line}: say what to do with this block in a comment before it`);
    }
    return ran;
  }

  async run(command: string): Promise<string> {
    const mapped = commands.reduce((text, [from, to]) => text.replace(from, to), command);
    const path = `${dirname(process.execPath)}:${process.env['PATH']}`;
    const child = spawn(`${mapped} 2>&1`, {
      cwd: this.folder,
      shell: true,
      env: { ...process.env, PATH: path, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await new Promise((resolve) => child.on('close', resolve));
    return output;
  }

  /** Type-checks the TypeScript files that a page wrote; returns what the compiler says. */
  async typeCheck(): Promise<string> {
    const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
      readonly compilerOptions: unknown;
    };
    const config = { compilerOptions, exclude: ['node_modules'] };
    this.write('tsconfig.json', JSON.stringify(config));
    return this.run('npx tsc -p .');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async runSteps(block: Parameters<typeof stepsOf>[0], name: string): Promise<number> {
    const steps = stepsOf(block);
    for (const { command, output, line } of steps) {
      const actual = await this.run(command);
      if (matches(actual, output, block.note === 'numbers vary')) continue;
      throw new Error(`${name}:${line}: "${command}" prints\n${actual}\nand not\n${output}`);
    }
    return steps.length;
  }

  private write(path: string, text: string): void {
    const target = join(this.folder, path);
    mkdirSync(dirname(target), { recursive: true });
    if (existsSync(target)) rmSync(target);
    writeFileSync(target, text);
  }

  private edit(path: string, diff: string): void {
    const target = join(this.folder, path);
    writeFileSync(target, edited(readFileSync(target, 'utf8'), diff));
  }
}
