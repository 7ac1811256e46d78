import { fileURLToPath } from 'node:url';
import type { CallHandler } from '../../../processors/call-handler.ts';
import { loadProcessors, usedFunctions } from '../../../runtime/app/processors.ts';
import { checkedGraph, readTopology } from '../../../runtime/app/topology-source.ts';
import type { EngineOptions } from '../../../runtime/engine/engine-options.ts';
import { TopologyDriver } from '../../../runtime/testing/topology-driver.ts';
import type { OrderPaid, OrderPlaced, OrderStatus, State } from '../../../schemas/orders/shop.ts';

/** A topology file of the order system. */
export function topologyFile(name: string): string {
  return fileURLToPath(new URL(`../../../topology/orders/${name}.yaml`, import.meta.url));
}

/** A service of the order system in the test driver, with its own processors. */
export async function startService(
  name: string,
  more: {
    readonly calls?: Readonly<Record<string, CallHandler>>;
    readonly options?: EngineOptions;
    /** Processors in the place of the real ones. */
    readonly functions?: Readonly<Record<string, unknown>>;
  } = {},
): Promise<TopologyDriver> {
  const topology = readTopology(topologyFile(name));
  const { definition } = checkedGraph(topology);
  const own = await loadProcessors(usedFunctions(definition), topology.processors);
  return TopologyDriver.start({
    definition,
    schemas: topology.catalog,
    functions: new Map([...own, ...Object.entries(more.functions ?? {})]),
    calls: more.calls ?? {},
    options: more.options ?? {},
  });
}

/** An order of one line. */
export function orderPlaced(orderId: string, change: Partial<OrderPlaced> = {}): OrderPlaced {
  return {
    orderId,
    storeId: '330',
    customerId: 'c1',
    currency: 'USD',
    placedAt: 1000,
    lines: [{ productId: 'A', quantity: 3, totalCents: 1550 }],
    totalCents: 1550,
    ...change,
  };
}

/** The payment of {@link orderPlaced}. */
export function orderPaid(orderId: string, change: Partial<OrderPlaced> = {}): OrderPaid {
  const { placedAt: _, currency: __, ...paid } = orderPlaced(orderId, change);
  return paid;
}

/** A status of an order. */
export function orderStatus(orderId: string, state: State): OrderStatus {
  return { orderId, state, at: 1000, stage: 'test' };
}
