import { afterEach, beforeEach, vi } from 'vitest';
import { openWire } from '../../../../runtime/kafka/carrier/open-wire.ts';
import type { KafkaOptions } from '../../../../runtime/kafka/kafka-options.ts';
import { findCoordinator } from '../../../../runtime/kafka/messages/find-coordinator.ts';
import { heartbeat } from '../../../../runtime/kafka/messages/heartbeat.ts';
import type { KafkaWire, RawRequest } from '../../../../runtime/kafka/wire.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';
import { StandInBroker } from './stand-in-broker.ts';

/** Two stand-in brokers, 1 and 2, a clock that stands still, and a wire that knows both from the first. */
export class WireHarness {
  clock!: ManualClock;
  first!: StandInBroker;
  second!: StandInBroker;
  wire!: KafkaWire;
  private readonly brokers: StandInBroker[] = [];
  private readonly wires: KafkaWire[] = [];

  constructor() {
    beforeEach(async () => {
      this.clock = new ManualClock();
      this.first = await this.broker();
      this.second = await this.broker();
      this.first.names({ 1: this.first, 2: this.second });
      this.second.names({ 1: this.first, 2: this.second });
      this.wire = await this.open({ brokers: [this.first.address] });
    });
    afterEach(async () => {
      for (const wire of this.wires.splice(0)) await wire.close();
      for (const broker of this.brokers.splice(0)) await broker.close();
    });
  }

  async broker(port = 0): Promise<StandInBroker> {
    const broker = await StandInBroker.start(port);
    this.brokers.push(broker);
    broker.on(findCoordinator, () => 'close');
    broker.on(heartbeat, () => ({ throttleTimeMs: 0, errorCode: 27 }));
    return broker;
  }

  async open(kafka: KafkaOptions): Promise<KafkaWire> {
    const wire = await openWire({ kafka, clock: this.clock });
    this.wires.push(wire);
    return wire;
  }

  /** Sends a heartbeat to a node; its answer's code. */
  async beat(node: number, more: Partial<RawRequest> = {}): Promise<number> {
    return heartbeat.decode(await this.wire.rpc(node, { ...beatRequest, ...more }), 4).errorCode;
  }
}

const version = 4;

/** A heartbeat as bytes. */
export const beatRequest: RawRequest = {
  apiKey: heartbeat.key,
  version,
  flexible: true,
  name: 'Heartbeat',
  body: heartbeat.encode(
    { groupId: 'shop', generationId: 1, memberId: 'm', groupInstanceId: null },
    version,
  ),
  lane: 'control',
  timeoutMs: 1_000,
};

/** Waits until a broker has seen so many requests of a name. */
export async function sees(broker: StandInBroker, name: string, times = 1): Promise<void> {
  await vi.waitFor(() => {
    const count = broker.seen.filter((it) => it.name === name).length;
    if (count < times) throw new Error(`${count} of ${times} ${name}`);
  });
}
