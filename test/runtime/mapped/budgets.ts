import { MappedBudget } from '../../../runtime/mapped/mapped-budget.ts';

/** A budget that is spent whenever it is asked. */
export function spentBudget(): MappedBudget {
  let bytes = 0;
  return new MappedBudget(0, () => ++bytes);
}

/** A budget that is spent at random, and stays so until it is renewed. */
export function randomBudget(random: () => number): MappedBudget {
  let bytes = 0;
  return new MappedBudget(0, () => (random() < 0.5 ? ++bytes : bytes));
}
