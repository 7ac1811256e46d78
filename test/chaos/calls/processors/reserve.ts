export { reserve } from '../../../../processors/orders/reserve.ts';
