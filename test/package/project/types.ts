import type { ApplicationOptions } from 'millrace';
import type { ProcessStage, StreamRecord } from 'millrace/processors';
import type { Serde } from 'millrace/schemas';
import type { DriverOptions } from 'millrace/testing';
import type { Definition } from 'millrace/topology';

type Text = StreamRecord<string, string>;

export const echo: ProcessStage<{ heard: Text }, { said: Text }> = ({ heard }) => ({ said: heard });

// @ts-expect-error an output is missing
export const mute: ProcessStage<{ heard: Text }, { said: Text }> = () => ({});

export function driverFor(definition: Definition): DriverOptions {
  return { definition, functions: { echo } };
}

export function sizeOf(serde: Serde<string>, text: string): number {
  return serde.write(text, Buffer.alloc(100), 0);
}

// @ts-expect-error the topology file is missing
export const options: ApplicationOptions = { data: 'somewhere' };
