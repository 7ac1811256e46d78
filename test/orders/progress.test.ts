import { describe, expect, test } from 'vitest';
import { ProgressLine } from '../../runtime/orders/progress.ts';

function draw(isTTY: boolean) {
  const written: string[] = [];
  const line = new ProgressLine({ isTTY, write: (text) => written.push(text) });
  return { written, line };
}

describe('ProgressLine', () => {
  test('draws over what it drew before', () => {
    const { written, line } = draw(true);
    line.show('10 of 20');
    line.show('20');
    expect(written).toEqual(['\r10 of 20', '\r20      ']);
  });

  test('takes the line away', () => {
    const { written, line } = draw(true);
    line.show('abc');
    line.clear();
    line.clear();
    expect(written).toEqual(['\rabc', '\r   \r']);
  });

  test('draws nothing where there is no terminal', () => {
    const { written, line } = draw(false);
    line.show('abc');
    line.clear();
    expect(written).toEqual([]);
  });
});
