import { ignoreElements, map, type Observable, type OperatorFunction } from 'rxjs';

/**
 * Runs `action` for each record and emits nothing: for an input of a `process` stage that only
 * writes state. Return it as `effects`.
 *
 * **Example**
 * ```ts
 * effects: inputs.stocked.pipe(effect((delivery) => stock.put(delivery.key, delivery.value)))
 * ```
 */
export function effect<T>(action: (value: T) => void): OperatorFunction<T, never> {
  return (source: Observable<T>) => source.pipe(map(action), ignoreElements());
}
