/** Head of the file on which the examples of the operators stand. */
export const operatorHead = `application: orders
streams:
  placed: { topic: orders.placed, key: string, value: shop.OrderPlaced }
  picked: { topic: orders.picked, key: string, value: shop.OrderPicked }
  held: { topic: orders.held, key: string, value: shop.Held }
  amounts: { topic: orders.amounts, key: string, value: long }
  order-lines: { topic: orders.lines, key: string, value: shop.Line }
  large: { topic: orders.large, key: string, value: shop.OrderPlaced }
  checked: { topic: orders.checked, key: string, value: shop.OrderPlaced }
  totals: { topic: orders.totals, key: string, value: long }
  spent: { topic: orders.spent, key: string, value: shop.Spent }
  scored: { topic: orders.scored, key: string, value: shop.Scored }
  lines: { topic: orders.by-product, key: string, value: shop.Line }
  named: { topic: orders.named, key: string, value: shop.Named }
  priced: { topic: orders.priced, key: string, value: shop.PricedLine }
  customer-changes: { topic: crm.changes, key: string, value: crm.Customer }
tables:
  customers: { topic: crm.customers, key: string, value: crm.Customer, cleanup: compact }
  products: { topic: catalogue.products, key: string, value: shop.Product, global: true }
stores:
  stock: { key: shop.StockKey, value: shop.Stock, ttl: none, why: one row per store and product }
calls:
  payments: { request: shop.ChargeRequest, reply: shop.ChargeReply }
`;
