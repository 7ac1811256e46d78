import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';
import { describeRegistryContract } from '../registry-contract.ts';

describeRegistryContract('MemoryRegistry', async () => new MemoryRegistry());
