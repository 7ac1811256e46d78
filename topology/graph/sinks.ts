import type { EdgeType } from '../core/edge.ts';
import type { DefinitionPath } from '../core/problem.ts';
import type { SinkDef, StageDef } from '../definition/definition.ts';
import { isPoisonEdge, poisonEdge, sameType, stringType, typeName } from './avro-types.ts';
import type { CheckContext } from './context.ts';
import { meant, report, typeOf, typeOfValue } from './context.ts';
import type { GraphSink, GraphSource } from './graph.ts';
import { recordVariables } from './operator-site.ts';
import { portsOf } from './ports.ts';

/**
 * A stage whose `to` is to be typed; `main` is absent where the stage has no output that `to` could
 * mean.
 */
export interface SinkSite {
  readonly stage: string;
  readonly def: StageDef;
  readonly main?: EdgeType;
}

/** Checks that what a stage sends fits the streams that it names. */
export function typeSinks(
  context: CheckContext,
  sources: ReadonlyMap<string, GraphSource>,
  site: SinkSite,
): readonly GraphSink[] {
  const { stage, def } = site;
  const sinks = def.to ?? [];
  if (sinks.length === 0) return [];
  const path = ['stages', stage, 'to'];
  if (site.main === undefined) {
    const { ports } = portsOf(def);
    const message =
      ports.length === 0
        ? `stage "${stage}" has no output to send`
        : `stage "${stage}" has several outputs: "to" cannot tell which to send`;
    const suggestion = 'add a stage `{ from: STAGE.OUTPUT, to: STREAM }`';
    report(context, 'E064', path, message, ports.length === 0 ? {} : { suggestion });
    return [];
  }
  const main = streamOnly(context, stage, site.main);
  const used = new Set<string>();
  return sinks.map((sink, i) => {
    const at = [...path, i];
    const streams = 'by' in sink ? sink.among : [sink.stream];
    const targets = streams.map((name, j) =>
      target(context, sources, name, 'by' in sink ? [...at, 'among', j] : [...at, 'stream']),
    );
    const id = 'by' in sink ? '' : sink.stream;
    if (used.has(id)) {
      const what = 'by' in sink ? 'a second choice of streams' : `"${sink.stream}" a second time`;
      report(context, 'E063', at, `${what} in one stage: add a stage for it`);
    }
    used.add(id);
    const type = written(context, main, sink, at);
    for (const found of targets) {
      if (found !== undefined) checkFits(context, type, found, at);
    }
    checkFormats(context, targets, at);
    return { def: sink, streams, type };
  });
}

function streamOnly(context: CheckContext, stage: string, type: EdgeType): EdgeType {
  if (isPoisonEdge(type) || type.kind === 'stream') return type;
  report(
    context,
    'E058',
    ['stages', stage, 'to'],
    `"to" sends a stream, but "${stage}" makes a table`,
    {
      suggestion: 'put a "to-stream" stage between',
    },
  );
  return poisonEdge;
}

function target(
  context: CheckContext,
  sources: ReadonlyMap<string, GraphSource>,
  name: string,
  path: DefinitionPath,
): GraphSource | undefined {
  const source = sources.get(name);
  if (source === undefined) {
    const streams = Object.keys(context.definition.streams);
    report(context, 'E050', path, `no stream "${name}" to send to`, meant(context, name, streams));
    return undefined;
  }
  if (source.kind !== 'stream') {
    report(context, 'E063', path, `"${name}" is a table: records are sent to streams`, {
      suggestion: `declare a stream with the topic "${source.def.topics[0]}"`,
    });
    return undefined;
  }
  if (source.def.topics.length !== 1) {
    const message = `stream "${name}" has ${source.def.topics.length} topics, a record needs one`;
    report(context, 'E063', path, message, {
      notes: [{ message: `"${name}" is declared here`, path: ['streams', name] }],
    });
    return undefined;
  }
  return source;
}

function written(
  context: CheckContext,
  main: EdgeType,
  sink: SinkDef,
  path: DefinitionPath,
): EdgeType {
  const variables = recordVariables(main);
  if ('by' in sink) {
    typeOf(context, sink.by, [...path, 'by'], variables, stringType);
    return main;
  }
  const key =
    sink.key === undefined ? main.key : typeOf(context, sink.key, [...path, 'key'], variables);
  const value =
    sink.value === undefined
      ? main.value
      : typeOfValue(context, sink.value, [...path, 'value'], {
          variables,
          unchanged: main.value,
        });
  return { kind: 'stream', key, value };
}

function checkFits(
  context: CheckContext,
  type: EdgeType,
  stream: GraphSource,
  path: DefinitionPath,
): void {
  for (const part of ['key', 'value'] as const) {
    if (sameType(type[part], stream.type[part])) continue;
    const message =
      `the ${part} is ${typeName(type[part])}, but stream "${stream.name}" has ` +
      typeName(stream.type[part]);
    report(context, 'E062', path, message, {
      suggestion:
        part === 'key'
          ? 'give the sink a `key:`'
          : `project it: as: ${stream.def.value}, set: { … }`,
      notes: [{ message: `"${stream.name}" is declared here`, path: ['streams', stream.name] }],
    });
  }
}

function checkFormats(
  context: CheckContext,
  targets: readonly (GraphSource | undefined)[],
  path: DefinitionPath,
): void {
  const known = targets.filter((found) => found !== undefined);
  const formats = new Set(known.map((found) => found.def.format ?? 'avro'));
  if (formats.size <= 1) return;
  const message = `the streams to choose from have different formats: ${[...formats].join(', ')}`;
  report(context, 'E062', [...path, 'among'], message);
}
